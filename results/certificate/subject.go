package certificate

import (
	_ "embed" // for the example
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"mailtls/results"
)

//go:embed subject.yaml
var exampleSubject []byte

// ExampleSubject is a subject.yaml to begin with.
func ExampleSubject() []byte { return slices.Clone(exampleSubject) }

// Subject is what the vendor says of the product that was judged, and of how it was
// set up.
type Subject struct {
	// Organisation that makes the product.
	Organisation string `json:"organisation" yaml:"organisation"`
	// Product and its Version: a release, never a branch. Build tells builds of a
	// version apart; empty when there is one.
	Product string `json:"product" yaml:"product"`
	Version string `json:"version" yaml:"version"`
	Build   string `json:"build" yaml:"build"`
	// OS it ran on, with its version.
	OS string `json:"os" yaml:"os"`
	// TLSLibrary it speaks TLS by, and that library's TLSVersion.
	TLSLibrary string `json:"tls_library" yaml:"tls_library"`
	TLSVersion string `json:"tls_library_version" yaml:"tls_library_version"`
	// Roles it is made for.
	Roles []results.Role `json:"roles" yaml:"roles"`
	// Deployment is how it is meant to stand: public MX, smarthost, relay.
	Deployment string `json:"deployment" yaml:"deployment"`
	// Contact is who answers questions.
	Contact string `json:"contact" yaml:"contact"`
	// Configuration files that it ran with.
	Configuration []Configured `json:"configuration" yaml:"configuration"`
	// Reproduce says how another lab gets to the same: what to install and to set.
	Reproduce string `json:"reproduce" yaml:"reproduce"`
	// Sender is what it declares of how it sends; nil when it does not.
	Sender *Sending `json:"sender,omitempty" yaml:"sender"`
}

// Class is what an opportunistic sender does when TLS was begun and fails.
type Class string

// The classes.
const (
	ClearAtOnce Class = "clear-at-once" // sends in clear in the same attempt
	ClearLater  Class = "clear-later"   // sends in clear in a later attempt
	ClearNever  Class = "never"         // never sends in clear then
)

// Classes lists the classes of senders, the laxest first.
func Classes() []Class { return []Class{ClearAtOnce, ClearLater, ClearNever} }

// Sending is what a sender declares. Times are in seconds.
type Sending struct {
	// Class it is of when its policy is opportunistic, and for ClearLater after how
	// long the mail goes in clear.
	Class             Class   `json:"opportunistic_class" yaml:"opportunistic_class"`
	ClearDelaySeconds float64 `json:"clear_delay_seconds" yaml:"clear_delay_seconds"`
	// After5xx is what it does when STARTTLS is refused for good.
	After5xx results.Reaction `json:"after_starttls_5xx" yaml:"after_starttls_5xx"`
	// RetrySeconds between one attempt and the next; the last one repeats.
	RetrySeconds []float64 `json:"retry_seconds" yaml:"retry_seconds"`
	// LifetimeSeconds after which mail in the queue is given back.
	LifetimeSeconds float64 `json:"queue_lifetime_seconds" yaml:"queue_lifetime_seconds"`
	// StartTLSSeconds that it waits for a reply to STARTTLS and for the handshake.
	StartTLSSeconds float64 `json:"starttls_timeout_seconds" yaml:"starttls_timeout_seconds"`
}

// ReadSubject reads a subject.yaml; name is the file's, for errors. Unknown fields,
// values that do not fit and what is missing are refused, each with its place as
// name:line:column.
func ReadSubject(name string, data []byte) (*Subject, error) {
	faults := results.FileFaults{Name: name}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, faults.Syntax(err)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s:1:1: want one document with a subject; mailtls certify --example-subject prints one", name)
	}
	body, ok := file.Docs[0].Body.(*ast.MappingNode)
	if !ok {
		faults.Add(file.Docs[0].Body.GetToken(), "want keys with values; mailtls certify --example-subject prints a subject")
		return nil, faults.Err()
	}
	if unquoted(body, &faults); faults.Err() != nil {
		return nil, faults.Err()
	}
	var s Subject
	if err := yaml.NodeToValue(body, &s, yaml.Strict()); err != nil {
		return nil, faults.Syntax(err)
	}
	for _, f := range s.faults() {
		faults.Add(placeOf(body, f.path), "%s", f.what)
	}
	if faults.Err() != nil {
		return nil, faults.Err()
	}
	s.locate(body)
	return &s, nil
}

// Fits says why a run in these roles, against these claims, is not one of the
// product; nil when it may be: a sender's class is that of the policies it claims.
func (s *Subject) Fits(roles []results.Role, claims results.Claims) error {
	for _, r := range roles {
		if !slices.Contains(s.Roles, r) {
			return fmt.Errorf("the subject has the roles %v, and %s was judged", s.Roles, r)
		}
	}
	if s.Sender == nil || !slices.Contains(roles, results.RoleSender) {
		return nil
	}
	var claimed []Class
	for _, p := range claims.Policies {
		if p.Level == results.LevelOpportunistic && p.Fallback[results.TriggerFailed] != "" {
			claimed = append(claimed, classOf(p.Fallback[results.TriggerFailed]))
		}
	}
	if claimed != nil && !slices.Contains(claimed, s.Sender.Class) {
		return fmt.Errorf("the subject declares the opportunistic class %s, and the policies that the target claims are of class %s", s.Sender.Class, either(claimed))
	}
	return nil
}

// classOf is the class of a sender with this reaction to a handshake that fails.
func classOf(r results.Reaction) Class {
	switch r {
	case results.ReactClearSame, results.ReactClearNew:
		return ClearAtOnce
	case results.ReactClearLater:
		return ClearLater
	case results.ReactDefer, results.ReactBounce:
		return ClearNever
	}
	return ClearNever
}

// unquoted refuses texts that YAML takes for something else: 4.10 would be read as
// the number 4.1.
func unquoted(body *ast.MappingNode, faults *results.FileFaults) {
	for _, entry := range body.Values {
		switch value := entry.Value.(type) {
		case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
			faults.Add(entry.Value.GetToken(), "%s is a text here: put quotes around it", entry.Key)
		case *ast.SequenceNode:
			for _, item := range value.Values {
				if m, ok := item.(*ast.MappingNode); ok {
					unquoted(m, faults)
				}
			}
		}
	}
}

// fault is what is wrong with a field; the path leads to it by keys, and in a list by
// numbers from 0.
type fault struct{ path, what string }

// placeOf is where a field stands, or what is around it.
func placeOf(body ast.Node, path string) *token.Token {
	place := body.GetToken()
	if m, ok := body.(*ast.MappingNode); ok && len(m.Values) > 0 {
		place = m.Values[0].Key.GetToken()
	}
	for _, key := range strings.Split(path, ".") {
		switch node := body.(type) {
		case *ast.MappingNode:
			i := slices.IndexFunc(node.Values, func(v *ast.MappingValueNode) bool { return v.Key.GetToken().Value == key })
			if i < 0 {
				return place
			}
			place, body = node.Values[i].Key.GetToken(), node.Values[i].Value
		case *ast.SequenceNode:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(node.Values) {
				return place
			}
			body = node.Values[i]
			if m, ok := body.(*ast.MappingNode); ok && len(m.Values) > 0 {
				place = m.Values[0].Key.GetToken()
			}
		default:
			return place
		}
	}
	return place
}

// faults says what is wrong with a subject.
func (s *Subject) faults() []fault {
	all := s.missing()
	add := func(path, format string, args ...any) { all = append(all, fault{path, fmt.Sprintf(format, args...)}) }
	if s.Version != "" && !released(s.Version) {
		add("version", "%q is no release: give the number by which others get the same", s.Version)
	}
	if len(s.Roles) == 0 {
		add("roles", "roles is missing: one or more of %v", results.Roles())
	}
	for _, r := range s.Roles {
		if !slices.Contains(results.Roles(), r) {
			add("roles", "unknown role %q; there are %v", r, results.Roles())
		}
	}
	all = append(all, filesFaults(s.Configuration)...)
	sends := slices.Contains(s.Roles, results.RoleSender)
	switch {
	case sends && s.Sender == nil:
		add("roles", "sender is missing: what it declares of how it sends")
	case !sends && s.Sender != nil:
		add("sender", "sender goes with the role sender")
	case s.Sender != nil:
		all = append(all, s.Sender.faults()...)
	}
	return all
}

// missing names the texts that were not given.
func (s *Subject) missing() []fault {
	var all []fault
	v := reflect.ValueOf(*s)
	for i := range v.NumField() {
		key := v.Type().Field(i).Tag.Get("yaml")
		if v.Field(i).Kind() == reflect.String && key != "build" && strings.TrimSpace(v.Field(i).String()) == "" {
			all = append(all, fault{key, key + " is missing"})
		}
	}
	return all
}

// released tells whether a version can be that of a release: it has a digit, and is
// not the name that a branch or a moving build usually has.
func released(version string) bool {
	lower := strings.ToLower(version)
	for _, word := range []string{"main", "master", "trunk", "head", "devel", "snapshot", "latest", "nightly", "dirty"} {
		if strings.Contains(lower, word) {
			return false
		}
	}
	return strings.ContainsAny(version, "0123456789")
}

func (s *Sending) faults() []fault {
	var all []fault
	add := func(key, format string, args ...any) {
		all = append(all, fault{"sender." + key, fmt.Sprintf(format, args...)})
	}
	if !slices.Contains(Classes(), s.Class) {
		add("opportunistic_class", "opportunistic_class is %q; want one of %v", s.Class, Classes())
	}
	if (s.Class == ClearLater) != (s.ClearDelaySeconds > 0) {
		add("clear_delay_seconds", "clear_delay_seconds goes with class %s, and is above 0 there", ClearLater)
	}
	if !slices.Contains(results.Reactions(), s.After5xx) {
		add("after_starttls_5xx", "after_starttls_5xx is %q; want one of %v", s.After5xx, results.Reactions())
	}
	if len(s.RetrySeconds) == 0 || slices.Min(s.RetrySeconds) <= 0 {
		add("retry_seconds", "retry_seconds wants one time or more, each above 0")
	}
	if s.LifetimeSeconds <= 0 {
		add("queue_lifetime_seconds", "queue_lifetime_seconds is to be above 0")
	}
	if s.StartTLSSeconds <= 0 {
		add("starttls_timeout_seconds", "starttls_timeout_seconds is to be above 0")
	}
	return all
}
