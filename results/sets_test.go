package results_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mailtls/results"
)

// TestClosedSetsAreComplete: every constant is in the list of its type.
func TestClosedSetsAreComplete(t *testing.T) {
	declared := constants(t)
	for name, listed := range map[string][]string{
		"Feature":    words(results.Features()),
		"Role":       words(results.Roles()),
		"Leg":        words(results.Legs()),
		"Stage":      words(results.Stages()),
		"Side":       words(results.Sides()),
		"Level":      words(results.Levels()),
		"Status":     words(results.Statuses()),
		"Outcome":    words(results.Outcomes()),
		"EventKind":  words(results.EventKinds()),
		"SessionEnd": words(results.SessionEnds()),
		"EndReason":  words(results.EndReasons()),
	} {
		want := declared[name]
		slices.Sort(want)
		slices.Sort(listed)
		if len(want) == 0 || !slices.Equal(listed, want) {
			t.Errorf("%s lists %v, declared are %v", name, listed, want)
		}
	}
}

// constants are the values of the package's typed string constants by type.
func constants(t *testing.T) map[string][]string {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				typ := fmt.Sprint(spec.Type)
				values[typ] = append(values[typ], unquoted(t, lit.Value))
			}
			return true
		})
	}
	return values
}

func unquoted(t *testing.T, literal string) string {
	t.Helper()
	value, err := strconv.Unquote(literal)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// words are the members of a set as strings.
func words[T ~string](set []T) []string {
	var list []string
	for _, v := range set {
		list = append(list, string(v))
	}
	return list
}
