package results

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	yamltoken "github.com/goccy/go-yaml/token"
)

// ReadPlan reads a plan from YAML. Unknown and repeated keys, values that do not
// fit, anchors, aliases and tags are refused, each with its place as
// name:line:column. What is left out stays zero, and may be: Filled and Check come
// after what else sets the plan. A plan may leave open what it loads.
//
// Why the nodes are walked here (2026-11): a value reads the same in YAML and in
// a flag when both hand its text to one parser, and only the nodes have the text
// as it was written.
func ReadPlan(name string, data []byte) (Plan, error) {
	r := planReader{FileFaults: FileFaults{Name: name}}
	var p Plan
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return p, r.Syntax(err)
	}
	if len(file.Docs) > 1 {
		r.Add(file.Docs[1].Start, "a second document; want one")
		return p, r.Err()
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return p, fmt.Errorf("%s:1:1: there is no plan in it", name)
	}
	r.mapping(file.Docs[0].Body, reflect.ValueOf(&p).Elem(), "")
	if r.Err() != nil {
		return Plan{}, r.Err()
	}
	checked := p.Filled()
	if checked.Addr == "" && checked.Target == "" && checked.Peer == "" {
		checked.Addr = "left open"
	}
	for _, f := range checked.Check() {
		tok := r.places[f.Key]
		if tok == nil {
			tok = firstToken(file.Docs[0].Body)
		}
		r.Add(tok, "%s", f.Error())
	}
	return p, r.Err()
}

// planReader collects what is wrong with a file, and knows where its keys stand.
type planReader struct {
	FileFaults
	places map[string]*yamltoken.Token
}

// place remembers where a key stands.
func (r *planReader) place(key string, tok *yamltoken.Token) {
	if r.places == nil {
		r.places = map[string]*yamltoken.Token{}
	}
	r.places[key] = tok
}

// mapping reads keys with their values into a struct.
func (r *planReader) mapping(node ast.Node, v reflect.Value, at string) {
	m, ok := node.(*ast.MappingNode)
	if !ok {
		r.Add(node.GetToken(), "want keys with values")
		return
	}
	var seen []string
	for _, entry := range m.Values {
		key := entry.Key.GetToken()
		f, found := planField(v, key.Value)
		switch {
		case !found:
			r.Add(key, "unknown key %q; there are %s", key.Value, strings.Join(append(keysOf(v.Type()), sessionsKey(v)...), ", "))
			continue
		case slices.Contains(seen, key.Value):
			r.Add(key, "%q was there before", key.Value)
			continue
		}
		seen = append(seen, key.Value)
		r.place(at+key.Value, key)
		r.value(entry.Value, f, at+key.Value)
	}
}

// sessionsKey is the key of the list of sessions, where there is one.
func sessionsKey(v reflect.Value) []string {
	if v.Type() == reflect.TypeFor[Plan]() {
		return []string{"sessions"}
	}
	return nil
}

// value reads one value or a list.
func (r *planReader) value(node ast.Node, v reflect.Value, at string) {
	if v.Kind() != reflect.Slice || v.Addr().Type().Implements(reflect.TypeFor[interface{ UnmarshalText([]byte) error }]()) {
		r.scalar(node, func(text string) error { return setValue(v, text) })
		return
	}
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		r.Add(node.GetToken(), "want a list")
		return
	}
	for i, element := range list.Values {
		where := fmt.Sprintf("%s[%d]", at, i)
		r.place(where, element.GetToken())
		if !isSessions(v.Type()) {
			r.scalar(element, func(text string) error { return addValue(v, text) })
			continue
		}
		var s SessionPlan
		r.mapping(element, reflect.ValueOf(&s).Elem(), where+".")
		v.Set(reflect.Append(v, reflect.ValueOf(s)))
	}
}

// scalar hands the text of a value on.
func (r *planReader) scalar(node ast.Node, set func(text string) error) {
	switch node.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		if err := set(node.GetToken().Value); err != nil {
			r.Add(node.GetToken(), "%v", err)
		}
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		r.Add(node.GetToken(), "anchors, aliases and tags are not read; write the value out")
	default:
		r.Add(node.GetToken(), "want one value")
	}
}

// firstToken is where a node begins to the eye: at the first key of a mapping.
func firstToken(node ast.Node) *yamltoken.Token {
	if m, ok := node.(*ast.MappingNode); ok && len(m.Values) > 0 {
		return m.Values[0].Key.GetToken()
	}
	return node.GetToken()
}
