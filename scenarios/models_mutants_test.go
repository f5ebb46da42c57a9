package scenarios_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"mailtls/fakes"
	"mailtls/harness"
	"mailtls/results"
)

// mutant is a model with one field changed: a sender before some receivers, or a
// receiver before some senders.
type mutant struct {
	// of is the model or profile, told whose line it is held against.
	of, told string
	// field and what becomes of it; both empty for a model that is not changed.
	field, to string
	before    string
	sender    *fakes.Model
	receiver  *fakes.Profile
	// elsewhere sends to a domain that no connector is for.
	elsewhere bool
}

func (m mutant) String() string {
	s := fmt.Sprintf("%s with %s %s", m.of, m.field, m.to)
	if m.elsewhere {
		s += ", to others than the partner"
	}
	return s
}

// senderMutants are those of a model that sends.
func senderMutants(m fakes.Model) []mutant {
	var all []mutant
	add := func(told string, elsewhere bool, edits ...edit[fakes.Policy]) {
		for _, e := range edits {
			changed := m
			changed.Sends = slices.Clone(m.Sends)
			e.do(&changed.Sends[0])
			all = append(all, mutant{of: m.Name, told: told, field: e.field, to: e.to, before: e.before, sender: &changed, elsewhere: elsewhere})
		}
	}
	p := m.Sends[0]
	base, _, connected := strings.Cut(m.Name, "/connector-")
	if !connected {
		add(m.Name, false, slices.Concat(levelEdits(p), tlsEdits(p), verifyEdits(p), reactionEdits(p, false))...)
		return all
	}
	add(base, true, slices.Concat(levelEdits(p), verifyEdits(p), reactionEdits(p, true))...)
	toward, _ := m.Toward("x" + fakes.PartnerDomains[1:])
	if toward.Floor == "" {
		add(base, true, tlsEdits(p)...)
	} else {
		add(m.Name, false, tlsEdits(toward)...)
	}
	if toward.Verify != "" {
		add(m.Name, false, edit[fakes.Policy]{"Policy.Untrusted", "", func(p *fakes.Policy) { p.Untrusted = "" }, "self-signed"})
	}
	for _, e := range connectorEdits(m.Connectors[0]) {
		changed := m
		changed.Connectors = slices.Clone(m.Connectors)
		e.do(&changed.Connectors[0])
		all = append(all, mutant{of: m.Name, told: m.Name, field: e.field, to: e.to, before: e.before, sender: &changed})
	}
	wide := m
	wide.Connectors = slices.Clone(m.Connectors)
	wide.Connectors[0].Domains = []string{"*"}
	return append(all, mutant{of: m.Name, told: base, field: "Connector.Domains", to: "all", before: "tls-disabled exchange-online", sender: &wide, elsewhere: true})
}

// receiverMutants are those of a profile by which a model receives.
func receiverMutants(p fakes.Profile) []mutant {
	var all []mutant
	for _, e := range profileEdits(p) {
		changed := p
		e.do(&changed)
		all = append(all, mutant{of: p.Name, field: e.field, to: e.to, before: e.before, receiver: &changed})
	}
	return all
}

// mutants are those of all models, and behind them every sender as it is, before
// the receivers that tell its fields.
func mutants() []mutant {
	var all, unchanged []mutant
	seen := map[string]bool{}
	for _, m := range fakes.ProductModels() {
		if m.Sends != nil {
			all = append(all, senderMutants(m)...)
			unchanged = append(unchanged, mutant{of: m.Name, told: m.Name, before: floorsShown + " exchange-online self-signed tls-disabled alert-after-220", sender: &m})
		}
		for _, p := range m.Profiles() {
			if p.Protocol == results.IMAP || p.Protocol == results.POP3 { // no mail goes there: a table of its own tells of the logins
				continue
			}
			if !seen[p.Name] && strings.HasPrefix(p.Name, strings.Split(m.Name, "/")[0]) {
				seen[p.Name] = true
				all = append(all, receiverMutants(p)...)
			}
		}
	}
	return append(all, unchanged...)
}

// meetings of a mutant, which goes by a name of its own.
func (m mutant) meetings(name string, senders map[string]fakes.Model, receivers map[string]fakes.Profile) []harness.Meeting {
	var all []harness.Meeting
	for _, other := range strings.Fields(m.before) {
		meeting := harness.Meeting{Sender: senders[other], Receiver: receivers[other]}
		if m.sender != nil {
			meeting.Sender = *m.sender
			meeting.Sender.Name = name
		} else {
			meeting.Receiver = *m.receiver
			meeting.Receiver.Name = name
		}
		all = append(all, meeting)
	}
	return all
}

// differs is the first cell of the mutant's that is not as it was told, in words;
// empty when all are.
func (m mutant) differs(name string, met []harness.Met, told map[[2]string][]telling) string {
	for _, c := range met {
		pair := [2]string{m.told, c.Receiver}
		if m.receiver != nil {
			pair = [2]string{c.Sender, m.of}
		}
		if (c.Sender == name || c.Receiver == name) && told[pair] != nil {
			if why := told[pair][0].differs(c); why != "" {
				return why
			}
		}
	}
	return ""
}

// TestEveryFieldOfAModelIsToldOf changes the fields of the models one by one, and
// looks for a cell that was written by hand and does not hold any more.
func TestEveryFieldOfAModelIsToldOf(t *testing.T) {
	t.Parallel()
	senders, receivers := map[string]fakes.Model{}, map[string]fakes.Profile{}
	for _, m := range harness.Meetings() {
		senders[m.Sender.Name], receivers[m.Receiver.Name] = m.Sender, m.Receiver
	}
	all, told := mutants(), cells(theStory())
	name := func(i int) string { return fmt.Sprintf("mutant-%d", i) }
	var partner, elsewhere []harness.Meeting
	for i, m := range all {
		meetings := m.meetings(name(i), senders, receivers)
		if m.elsewhere {
			elsewhere = append(elsewhere, meetings...)
		} else {
			partner = append(partner, meetings...)
		}
	}
	var met []harness.Met
	var mu sync.Mutex
	var group errgroup.Group
	for domain, meetings := range map[string][]harness.Meeting{"": partner, "elsewhere.example": elsewhere} {
		group.Go(func() error {
			some, err := harness.Meet(t.Context(), meetings, harness.MeetOptions{Domain: domain})
			mu.Lock()
			defer mu.Unlock()
			met = append(met, some...)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d mutants, %d messages", len(all), len(met))
	for i, m := range all {
		why := m.differs(name(i), met, told)
		if why == "" && m.receiver != nil {
			why = unlike(t, *m.receiver, m.of)
		}
		switch {
		case m.field == "" && why != "":
			t.Errorf("%s as it is: %s", m.of, why)
		case m.field != "" && why == "":
			t.Errorf("%s: no cell tells", m)
		}
	}
}

// unlike is the first visit to a profile that does not go as it was told, in
// words.
func unlike(t *testing.T, p fakes.Profile, of string) string {
	t.Helper()
	for _, v := range visits() {
		if v.receiver != of {
			continue
		}
		got, err := v.pay(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(got, v.want) {
			return fmt.Sprintf("%s: want %s, got %s", v.name, v.want, got)
		}
	}
	return ""
}

// TestEveryFieldIsChangedOrNamed: a field that is new is told of, or it is said why
// not.
func TestEveryFieldIsChangedOrNamed(t *testing.T) {
	changed, not := map[string]bool{}, notTold()
	for _, m := range mutants() {
		changed[m.field] = true
	}
	for _, v := range []any{fakes.Policy{}, fakes.Policy{}.SenderPolicy, fakes.Connector{}, fakes.Profile{}} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			field := typ.Name() + "." + typ.Field(i).Name
			if changed[field] == (not[field] != "") {
				t.Errorf("%s: it is changed: %v; it is not told of because: %q", field, changed[field], not[field])
			}
			delete(not, field)
		}
	}
	for field := range not {
		t.Errorf("%s: there is no such field", field)
	}
}
