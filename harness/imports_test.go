package harness_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	modulePath = "mailtls"
	pageUnit   = "results/page"
	moduleRoot = ".." // seen from this package's folder, where go test runs
)

// importLayers is the list of allowed imports: a unit may use every unit of the lines above its own, and none beside it.
// "results/*" stands for each folder under results, a unit of its own that uses results only; but for results/page, which shows
// what the others work out. What lies deeper than such a
// folder, or below harness/targets or harness/cmd, belongs to that unit.
var importLayers = [][]string{
	{"results"},
	{"fakes"},
	{"fakes/dialect", "fakes/wire", "fakes/pki", "fakes/dns"},
	{"fakes/receiver", "fakes/sender", "fakes/path"},
	{"scenarios", "bench"},
	{"harness/targets"},
	{"results/*"},
	{"results/page"},
	{"harness"},
	{"harness/cmd"},
}

// topLevel is what the root of the repository may hold besides dot files; the last line is git-ignored.
var topLevel = []string{
	"harness", "scenarios", "fakes", "bench", "results",
	"go.mod", "go.sum", "Makefile", "README.md", "LICENSE",
	"bin", "coverage.out",
}

// unitOf maps a package's folder to the unit that the rules speak of, and to its layer, -1 where it has none.
func unitOf(folder string) (unit string, layer int) {
	unit, kind := folder, folder
	for _, whole := range []string{"harness/targets", "harness/cmd"} {
		if strings.HasPrefix(folder, whole+"/") {
			unit, kind = whole, whole
		}
	}
	if view, ok := strings.CutPrefix(folder, "results/"); ok {
		name, _, _ := strings.Cut(view, "/")
		unit, kind = "results/"+name, "results/*"
		if unit == pageUnit {
			kind = unit
		}
	}
	return unit, slices.IndexFunc(importLayers, func(units []string) bool { return slices.Contains(units, kind) })
}

// importFault says why the package in folder from may not import the one in folder to; it is empty where it may.
func importFault(from, to string) string {
	user, userLayer := unitOf(from)
	used, usedLayer := unitOf(to)
	isView := strings.HasPrefix(user, "results/")
	switch {
	case userLayer < 0:
		return from + " has no place in the list of allowed imports"
	case usedLayer < 0:
		return to + " has no place in the list of allowed imports"
	case user == used:
		return ""
	case isView && used != "results" && (user != pageUnit || !strings.HasPrefix(used, "results/")):
		return fmt.Sprintf("%s may use results only, not %s", from, to)
	case usedLayer >= userLayer:
		return fmt.Sprintf("%s may not use %s, which is not left of it", from, to)
	}
	return ""
}

func TestImportFault(t *testing.T) {
	for _, c := range []struct {
		from, to string
		allowed  bool
	}{
		{"fakes", "results", true},
		{"fakes/wire", "fakes", true},
		{"fakes/receiver", "fakes/pki", true},
		{"scenarios", "fakes/sender", true},
		{"bench", "fakes/receiver", true},
		{"harness/targets", "bench", true},
		{"harness/targets", "harness/targets/postfix", true},
		{"harness/targets/postfix", "harness/targets", true},
		{"harness/targets/postfix", "scenarios", true},
		{"harness", "harness/targets/postfix", true},
		{"harness", "results/view", true},
		{"harness/cmd/mailtls", "harness", true},
		{"harness/cmd/mailtls", "results/history", true},
		{"harness/cmd/other", "results", true},
		{"results/view", "results", true},
		{"results/view", "results/view/plot", true},
		{"results/page", "results/view", true},

		{"results", "fakes", false},
		{"results", "results/view", false},
		{"results/view", "results/history", false},
		{"results/view", "fakes", false},
		{"results/view", "results/page", false},
		{"results/page", "fakes", false},
		{"fakes", "fakes/wire", false},
		{"fakes", "harness", false},
		{"fakes/wire", "fakes/dialect", false},
		{"fakes/pki", "fakes/receiver", false},
		{"fakes/receiver", "fakes/sender", false},
		{"fakes/sender", "scenarios", false},
		{"scenarios", "bench", false},
		{"bench", "scenarios", false},
		{"scenarios", "harness/targets", false},
		{"scenarios", "results/view", false},
		{"harness/targets", "results/view", false},
		{"harness/targets/postfix", "harness", false},
		{"harness", "harness/cmd/mailtls", false},
		{"fakes/util", "results", false},
		{"harness", "fakes/util", false},
		{"harness", "", false},
	} {
		if fault := importFault(c.from, c.to); (fault == "") != c.allowed {
			t.Errorf("%s imports %q: fault %q, want allowed %t", c.from, c.to, fault, c.allowed)
		}
	}
}

func TestImportsAreAllowed(t *testing.T) {
	files := 0
	err := filepath.WalkDir(moduleRoot, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && file != moduleRoot && !holdsPackages(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || filepath.Ext(file) != ".go":
			return nil
		}
		files++
		return checkImports(t, file)
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 2 {
		t.Errorf("read %d Go files: the walk misses the code", files)
	}
}

// holdsPackages tells whether the go command looks for packages in a folder of that name.
func holdsPackages(folder string) bool {
	return folder != "testdata" && !strings.HasPrefix(folder, ".") && !strings.HasPrefix(folder, "_")
}

// checkImports reports each import of a file that its package may not have. External test packages may import anything.
func checkImports(t *testing.T, file string) error {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return fmt.Errorf("read imports: %w", err)
	}
	if strings.HasSuffix(file, "_test.go") && strings.HasSuffix(parsed.Name.Name, "_test") {
		return nil
	}
	folder, err := filepath.Rel(moduleRoot, filepath.Dir(file))
	if err != nil {
		return fmt.Errorf("place %s in the module: %w", file, err)
	}
	used := []string{filepath.ToSlash(folder)} // itself too: a package without a place is a fault even if it imports nothing
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("read imports of %s: %w", file, err)
		}
		if unit, ours := strings.CutPrefix(imported+"/", modulePath+"/"); ours {
			used = append(used, strings.TrimSuffix(unit, "/"))
		}
	}
	for _, to := range used {
		if fault := importFault(used[0], to); fault != "" {
			t.Errorf("%s: %s", file, fault)
		}
	}
	return nil
}

func TestTopLevelIsFixed(t *testing.T) {
	entries, err := os.ReadDir(moduleRoot)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); !strings.HasPrefix(name, ".") && !slices.Contains(topLevel, name) {
			t.Errorf("%s does not belong at the top level, which holds only %s and dot files", name, strings.Join(topLevel, ", "))
		}
	}
}
