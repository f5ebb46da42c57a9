package targets

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden compares the files and commands of each variant of each target
// with what they were when somebody last looked at them.
func TestGolden(t *testing.T) {
	t.Parallel()
	all, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		for i, v := range p.Spec().Variants {
			t.Run(p.m.Name+"/"+v.Name, func(t *testing.T) {
				t.Parallel()
				checkGolden(t, filepath.Join("testdata", "golden", p.m.Name, v.Name+".txt"), renderAll(t, p, i))
			})
		}
	}
}

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v; run with -update", err)
	}
	if got != string(want) {
		t.Errorf("differs from %s; run with -update and look at the difference. Got:\n%s", name, got)
	}
}

func renderAll(t *testing.T, p *Process, i int) string {
	t.Helper()
	d, err := p.renderData(&p.m.Variants[i], testWiring(&syncBuffer{}), "/")
	if err != nil {
		t.Fatal(err)
	}
	for l, port := range map[string]int{
		"smtp": 2525, "submission": 2587, "smtps": 2465, "lmtp": 2524, "imap": 2143, "imaps": 2993, "pop3": 2110, "pop3s": 2995,
	} {
		if d.Listen[l] != nil {
			d.Listen[l].Port = port
		}
	}
	var b strings.Builder
	p.eachCommand(i, func(where spot, s commandSpec) {
		c, err := renderCommand(s, d)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%v: %s\n", where, c)
		if c.stdin != "" {
			fmt.Fprintf(&b, "  < %s\n", c.stdin)
		}
	})
	for _, f := range p.m.files(&p.m.Variants[i]) {
		text, err := p.renderFile(f.Template, d)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "\n===== %s\n%s", f.Path, text)
	}
	return b.String()
}
