package targets

import (
	"reflect"
	"slices"
	"strings"

	"mailtls/results"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// document is a YAML file that was read strictly, and knows where everything
// in it stands.
type document struct {
	results.FileFaults
	body ast.Node
}

// spot leads to a place in a document: keys are strings, indices are ints.
type spot []any

// at makes a spot.
func at(steps ...any) spot { return steps }

// and goes on from a spot.
func (s spot) and(steps ...any) spot { return append(slices.Clone(s), steps...) }

// readYAML reads one document into a struct or slice. Fields that the type
// does not have, values of another kind, and anchors, aliases and tags are
// refused, each with its place. The document is returned for what else there
// is to find wrong with it; its body is nil when there is nothing in it.
//
// Why the kinds are checked here (2026-11): the decoder takes 1.5 for a whole
// number, makes "420" of a string 0644, and overlooks keys that are numbers.
func readYAML(name string, data []byte, into any) (*document, error) {
	d := &document{FileFaults: results.FileFaults{Name: name}}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, d.Syntax(err)
	}
	if len(file.Docs) > 1 {
		d.Add(file.Docs[1].Start, "a second document; want one")
		return nil, d.Err()
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil || file.Docs[0].Body.Type() == ast.CommentType {
		return d, nil
	}
	d.body = file.Docs[0].Body
	d.check(d.body, reflect.TypeOf(into).Elem())
	if d.Err() != nil {
		return nil, d.Err()
	}
	if err := yaml.NodeToValue(d.body, into, yaml.Strict()); err != nil {
		return nil, d.Syntax(err)
	}
	return d, nil
}

// faultAt notes what is wrong at a spot, or, where that is missing, at the
// innermost thing around it.
func (d *document) faultAt(s spot, format string, args ...any) {
	d.Add(locate(d.body, s), format, args...)
}

// check compares a node with the type it is read into.
func (d *document) check(node ast.Node, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		d.Add(node.GetToken(), "anchors, aliases and tags are not read; write the value out")
		return
	case *ast.NullNode:
		d.Add(node.GetToken(), "no value; give one or remove the line")
		return
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		d.checkMapping(node, t)
	case reflect.Slice:
		list, ok := node.(*ast.SequenceNode)
		if !ok {
			d.Add(firstToken(node), "want a list")
			return
		}
		for _, element := range list.Values {
			d.check(element, t.Elem())
		}
	default:
		d.checkScalar(node, t.Kind())
	}
}

func (d *document) checkMapping(node ast.Node, t reflect.Type) {
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		d.Add(firstToken(node), "want keys with values")
		return
	}
	for _, entry := range mapping.Values {
		key, ok := entry.Key.(*ast.StringNode)
		if !ok {
			d.Add(entry.Key.GetToken(), "want a word as the key")
			continue
		}
		if t.Kind() == reflect.Map {
			d.check(entry.Value, t.Elem())
			continue
		}
		fields := yamlFields(t)
		i := slices.IndexFunc(fields, func(f yamlField) bool { return f.name == key.Value })
		if i < 0 {
			d.Add(key.GetToken(), "unknown field %q; there are %s", key.Value, yamlNames(fields))
			continue
		}
		d.check(entry.Value, fields[i].is)
	}
}

func (d *document) checkScalar(node ast.Node, kind reflect.Kind) {
	ok, want := false, "text; put it into quotes"
	switch node.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		ok = kind == reflect.String
	case *ast.BoolNode:
		ok = kind == reflect.Bool
	case *ast.IntegerNode:
		ok = kind == reflect.Int || kind == reflect.Float64
	case *ast.FloatNode:
		ok = kind == reflect.Float64
	}
	switch kind {
	case reflect.Bool:
		want = "true or false"
	case reflect.Int:
		want = "a whole number"
	case reflect.Float64:
		want = "a number"
	}
	if !ok {
		d.Add(firstToken(node), "want %s", want)
	}
}

// yamlField is a field of a struct as YAML sees it.
type yamlField struct {
	name string
	is   reflect.Type
}

// yamlFields lists the fields of a struct.
func yamlFields(t reflect.Type) []yamlField {
	var fields []yamlField
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		fields = append(fields, yamlField{name: name, is: t.Field(i).Type})
	}
	return fields
}

func yamlNames(fields []yamlField) string {
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

// locate finds the token at a spot: the key of a mapping's entry, the value of
// a list's element.
func locate(node ast.Node, s spot) *token.Token {
	if node == nil {
		return nil
	}
	found := firstToken(node)
	for _, step := range s {
		key, next := descend(node, step)
		if next == nil {
			break
		}
		node, found = next, key
	}
	return found
}

// descend makes one step.
func descend(node ast.Node, step any) (*token.Token, ast.Node) {
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, entry := range n.Values {
			if key, ok := entry.Key.(*ast.StringNode); ok && key.Value == step {
				return key.GetToken(), entry.Value
			}
		}
	case *ast.SequenceNode:
		if i, ok := step.(int); ok && i < len(n.Values) {
			return firstToken(n.Values[i]), n.Values[i]
		}
	}
	return nil, nil
}

// firstToken is where a node begins to the eye: at the first key of a mapping.
func firstToken(node ast.Node) *token.Token {
	if m, ok := node.(*ast.MappingNode); ok && len(m.Values) > 0 {
		return m.Values[0].Key.GetToken()
	}
	return node.GetToken()
}
