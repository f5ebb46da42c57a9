package harness

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/scenarios"
)

// Options say what to run.
type Options struct {
	// Target and the name of its variant; "" is the default one.
	Target  targets.Target
	Variant string
	// Roles to play; nil means every role that the target claims.
	Roles []results.Role
	// Filter selects cases.
	Filter results.Filter
	// Out is the folder that receives the report and transcripts.
	Out string
	// Layout says where peers stand for a sender that somebody else started; nil
	// for a target that is told when it starts.
	Layout *targets.Layout
	// Waivers besides those of the target.
	Waivers []results.Waiver
	// NoIntrusive leaves out the cases that burden or abuse a target.
	NoIntrusive bool
	// Parallel is how many cases are played at once; 0 means DefaultParallel.
	Parallel int
	// Patience is how long our peers await a reply; 0 means
	// sender.DefaultPatience.
	Patience time.Duration
	// Tool is written into the report.
	Tool results.Tool
	// KeyLog receives the TLS secrets of our peers in NSS format; nil keeps
	// them nowhere.
	KeyLog io.Writer
	// Log receives what the target prints; nil drops it.
	Log io.Writer
	// Progress is told when the run begins and whenever a case ends; nil tells
	// nobody. It is called from one goroutine at a time.
	Progress func(Progress)

	// uncut leaves out the waivers of the target too: see Certify.
	uncut bool
	// sanity is how long an ordinary message of a sender may take; 0 means
	// sanityWindow.
	sanity time.Duration
}

// DefaultParallel is how many cases are played at once: most of them wait.
const DefaultParallel = 16

// Progress is how far a run has come.
type Progress struct {
	// Total cases to be played, Done of them, and how many of those failed.
	Total, Done, Failed int
	// Case that has just ended, with its verdict; empty at the beginning.
	Case    string
	Verdict results.Verdict
	// Elapsed since the run began.
	Elapsed time.Duration
}

// ErrEmpty means that a selection holds no case.
var ErrEmpty = errors.New("no case is selected")

// Select returns the cases of the roles that the filter selects, in the order of
// the catalogue.
func Select(roles []results.Role, f results.Filter) ([]scenarios.Case, error) {
	keep := func([]string) bool { return true }
	if f.Label != "" {
		parsed, err := types.ParseLabelFilter(f.Label)
		if err != nil {
			return nil, fmt.Errorf("read filter %q: %s", f.Label, plain(err))
		}
		keep = parsed
	}
	if _, err := path.Match(f.Case, ""); err != nil {
		return nil, fmt.Errorf("read case glob %q: %w", f.Case, err)
	}
	var chosen []scenarios.Case
	for _, c := range scenarios.All() {
		if slices.ContainsFunc(roles, c.For) && matches(f.Case, c) && keep(c.Labels()) {
			chosen = append(chosen, c)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("select cases by %s: %w; see mailtls list cases", f, ErrEmpty)
	}
	return chosen, nil
}

// plain is the last line of an error of Ginkgo's, which are made for a screen.
func plain(err error) string {
	text := err.Error()
	var g types.GinkgoError
	if errors.As(err, &g) {
		text = g.Message
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// matches tells whether a glob selects a case, by its id with or without the
// variant, its area, or its row.
func matches(glob string, c scenarios.Case) bool {
	if glob == "" {
		return true
	}
	for _, name := range []string{c.ID, c.Defect(), c.Area(), c.Row} {
		if ok, _ := path.Match(glob, name); ok {
			return true
		}
	}
	return false
}

// choose finds the variant and the roles to be played: what was asked for, as far
// as it is claimed. A run is a receiver's or a sender's.
func (o Options) choose() (targets.Variant, []results.Role, error) {
	spec := o.Target.Spec()
	for _, r := range o.Roles {
		if !slices.Contains(spec.Roles, r) {
			return targets.Variant{}, nil, fmt.Errorf("play role %s: target %s claims %v", r, spec.Name, spec.Roles)
		}
	}
	if slices.Contains(o.Roles, results.RoleSender) && len(o.Roles) > 1 {
		return targets.Variant{}, nil, fmt.Errorf("play roles %v: role sender is a run of its own; give one --role at a time", o.Roles)
	}
	v, err := spec.Variant(o.Variant, o.Roles...)
	if err != nil {
		return v, nil, err
	}
	roles := o.Roles
	if roles == nil {
		if roles = v.Played(); slices.Contains(roles, results.RoleSender) && len(roles) > 1 {
			return v, nil, fmt.Errorf("play %s/%s: it has the roles %v; give one --role at a time", spec.Name, v.Name, roles)
		}
	}
	for _, r := range roles {
		if !v.Plays(r) {
			return v, nil, fmt.Errorf("play role %s: variant %s/%s plays %v", r, spec.Name, v.Name, v.Played())
		}
	}
	if p := o.Filter.Policy; p != "" {
		if _, found := v.Claims.Policy(p); !found {
			return v, nil, fmt.Errorf("find policy %q: %s/%s claims %s", p, spec.Name, v.Name, names(v.Claims.Policies))
		}
	}
	return v, roles, nil
}

// names lists policies in words.
func names(policies []results.SenderPolicy) string {
	if len(policies) == 0 {
		return "none"
	}
	var all []string
	for _, p := range policies {
		all = append(all, p.Name)
	}
	return strings.Join(all, ", ")
}
