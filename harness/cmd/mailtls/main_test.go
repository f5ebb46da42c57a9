package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailtls/results"
)

// call runs a command line and returns the exit code and what was printed.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return callContext(t.Context(), args...)
}

func callContext(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = execute(ctx, args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestBadInputIsNamedAndEndsWithTwo(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	claims := file("claims.yaml", "name: x\nroles: [receiver]\nclaims:\n  features: [starttls]\n")
	tests := map[string]struct {
		args []string
		want string
	}{
		"no target":          {[]string{"run"}, `required flag(s) "target" not set`},
		"unknown target":     {[]string{"run", "--target", "nobody"}, `find target "nobody": there are reference, gosmtp, dovecot, exim, postfix`},
		"unknown variant":    {[]string{"run", "--target", "reference/odd"}, `find variant "odd" of target reference: there are default`},
		"unknown role":       {[]string{"run", "--target", "reference", "--role", "cook"}, `read role "cook"`},
		"role not claimed":   {[]string{"run", "--target", "reference", "--role", "access-client"}, "target reference claims"},
		"empty selection":    {[]string{"run", "--target", "reference", "--case", "nothing/*"}, "no case is selected"},
		"bad glob":           {[]string{"run", "--target", "reference", "--case", "[a"}, `read case glob "[a"`},
		"bad filter":         {[]string{"run", "--target", "reference", "--filter", "level:must &&"}, `read filter "level:must &&"`},
		"bad repeat":         {[]string{"run", "--target", "reference", "--repeat", "0"}, "--repeat and --parallel are 1 or more"},
		"no waivers file":    {[]string{"run", "--target", "reference", "--waivers", "nowhere.yaml"}, "read waivers"},
		"bad waivers":        {[]string{"run", "--target", "reference", "--waivers", file("w.yaml", "- case: x\n  because: y\n")}, `w.yaml:2:3: unknown field "because"`},
		"no folder":          {[]string{"run", "--target", "./nowhere"}, "nowhere"},
		"remote bare":        {[]string{"run", "--target", "remote"}, "needs an address"},
		"remote no claims":   {[]string{"run", "--target", "remote", "--smtp", "127.0.0.1:25"}, "needs --claims FILE"},
		"remote far":         {[]string{"run", "--target", "remote", "--smtp", "192.0.2.1:25", "--claims", claims}, "give --authorized"},
		"remote no port":     {[]string{"run", "--target", "remote", "--smtp", "127.0.0.1", "--claims", claims}, "want HOST:PORT"},
		"remote bad claims":  {[]string{"run", "--target", "remote", "--smtp", "127.0.0.1:25", "--claims", file("c.yaml", "name: x\nroles: [receiver]\nclaims:\n  features: [fast]\n")}, `unknown feature "fast"`},
		"remote flags stray": {[]string{"run", "--target", "reference", "--smtp", "127.0.0.1:25"}, "go with --target remote"},
		"report there":       {[]string{"run", "--target", "reference", "--case", "R-001", "--out", filepath.Dir(file("report.json", "{}"))}, "holds a report already"},
		"judge nothing":      {[]string{"judge", filepath.Join(dir, "nowhere")}, "read report"},
		"unknown peer":       {[]string{"serve", "--peer", "nobody"}, `find receiving peer "nobody"`},
		"open listener":      {[]string{"serve", "--peer", "opportunistic", "--listen", "0.0.0.0:0"}, "give --open"},
		"unknown sender":     {[]string{"send", "--peer", "nobody", "--to", "127.0.0.1:1"}, `find sending peer "nobody"`},
		"send nowhere":       {[]string{"send", "--peer", "modern", "--to", "nowhere"}, "want HOST:PORT"},
		"unknown format":     {[]string{"list", "cases", "--format", "xml"}, `read --format "xml"`},
		"unknown command":    {[]string{"dance"}, `unknown command "dance"`},
		"install nobody":     {[]string{"targets", "install", "nobody"}, `find target "nobody"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			refused(t, tt.args, tt.want)
		})
	}
}

// refused runs a command line that must end with 2, say one line that holds want,
// and print nothing else.
func refused(t *testing.T, args []string, want string) {
	t.Helper()
	code, out, errs := call(t, args...)
	if code != exitFault || !strings.Contains(errs, want) {
		t.Errorf("exit code %d, said %q; want 2, %q", code, errs, want)
	}
	if out != "" {
		t.Errorf("stdout is %q", out)
	}
	if lines := strings.Count(errs, "\n"); lines != 1 {
		t.Errorf("want one line, got %d: %q", lines, errs)
	}
}

func TestListsAreReadByOtherTools(t *testing.T) {
	fields := map[string][]string{
		"cases":   {"id", "row", "title", "level", "role", "protocol", "source", "needs", "state", "why"},
		"targets": {"name", "version", "roles", "variants", "available", "why"},
		"peers":   {"name", "kind", "doc"},
	}
	for what, want := range fields {
		code, out, errs := call(t, "list", what, "--format", "json")
		if code != 0 {
			t.Fatalf("list %s: exit code %d, %s", what, code, errs)
		}
		var items []map[string]any
		if err := json.Unmarshal([]byte(out), &items); err != nil || len(items) == 0 {
			t.Fatalf("list %s: %v", what, err)
		}
		for _, f := range want {
			if _, found := items[0][f]; !found {
				t.Errorf("list %s: field %s is missing", what, f)
			}
		}
		if code, out, _ := call(t, "list", what); code != 0 || !strings.Contains(out, items[0][want[0]].(string)) {
			t.Errorf("list %s as text: exit code %d", what, code)
		}
	}
}

func TestRunThenJudge(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	code, out, errs := call(t, "run", "--target", "reference", "--case", "offer/*", "--out", dir)
	if code != 0 || !strings.Contains(out, "CONFORMING") {
		t.Fatalf("run: exit code %d: %s %s", code, out, errs)
	}
	if code, out, _ := call(t, "judge", dir); code != 0 || !strings.Contains(out, "the same verdicts") {
		t.Fatalf("judge: exit code %d: %s", code, out)
	}
	path := filepath.Join(dir, "transcripts", "offer-keyword-missing.txt")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(b, []byte("250-STARTTLS"), []byte("250-STARTLS")), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := call(t, "judge", dir); code != exitFault || !strings.Contains(errs, "offer/keyword-missing") {
		t.Errorf("judge after an edit: exit code %d, said %q", code, errs)
	}
}

func TestFailingMustEndsWithOne(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	code, out, _ := call(t, "run", "--target", "gosmtp", "--case", "R-004", "--out", dir)
	if code != exitFailed || !strings.Contains(out, "FAIL MUST starttls/argument-accepted") || !strings.Contains(out, "NONCONFORMING") {
		t.Fatalf("exit code %d: %s", code, out)
	}
	waiver := func(expected string) string {
		path := filepath.Join(t.TempDir(), "waivers.yaml")
		text := "- case: starttls/argument-accepted\n  expected: " + expected + "\n  reason: known\n"
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	code, out, _ = call(t, "run", "--target", "gosmtp", "--case", "R-004", "--out", dir+"2", "--waivers", waiver("STARTTLS x got 220"))
	if code != exitOK || !strings.Contains(out, "CONFORMING-WITH-WAIVERS") {
		t.Errorf("waived: exit code %d: %s", code, out)
	}
	code, out, _ = call(t, "run", "--target", "gosmtp", "--case", "R-004", "--out", dir+"3", "--waivers", waiver("no reply"))
	if code != exitFault || !strings.Contains(out, "the waiver is for another failure") {
		t.Errorf("wrong waiver: exit code %d: %s", code, out)
	}
	code, out, _ = call(t, "run", "--target", "reference", "--case", "R-004", "--out", dir+"4", "--waivers", waiver("STARTTLS x got 220"))
	if code != exitFault || !strings.Contains(out, "stale waiver") {
		t.Errorf("stale waiver: exit code %d: %s", code, out)
	}
}

func TestRepeatNamesWhatChanges(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	code, out, _ := call(t, "run", "--target", "reference", "--case", "R-001", "--repeat", "2", "--out", dir)
	if code != exitOK || !strings.Contains(out, "the same verdicts in all 2 runs") {
		t.Errorf("exit code %d: %s", code, out)
	}
	reports := []*results.Report{
		{Cases: []results.CaseResult{{ID: "a/b", Status: results.StatusPass}, {ID: "c/d", Status: results.StatusPass}}},
		{Cases: []results.CaseResult{{ID: "a/b", Status: results.StatusPass}, {ID: "c/d", Status: results.StatusFail}}},
	}
	if got := changing(reports); len(got) != 1 || got[0] != "c/d: pass, fail" {
		t.Errorf("changing is %v", got)
	}
}

func TestInterruptedRunKeepsWhatItSaw(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(t.Context())
	screen := &canceller{word: "0 of", cancel: cancel}
	code := execute(ctx, []string{"run", "--target", "reference", "--out", dir}, io.Discard, screen)
	if code != exitInterrupted {
		t.Errorf("exit code %d, want 130", code)
	}
	f, err := os.Open(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := results.ReadReport(f)
	if err != nil || r.Outcome != results.Undecided {
		t.Errorf("report: %v, outcome %s", err, r.Outcome)
	}
}

// canceller cancels when a word is written.
type canceller struct {
	word   string
	cancel func()
}

// Write looks for the word.
func (c *canceller) Write(p []byte) (int, error) {
	if strings.Contains(string(p), c.word) {
		c.cancel()
	}
	return len(p), nil
}

func TestServeAndSendMeet(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan int)
	go func() {
		code := execute(ctx, []string{"serve", "--peer", "tls10-only"}, w, io.Discard)
		_ = w.Close()
		done <- code
	}()
	line := make([]byte, 4096)
	n, err := r.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(line[:n]), " on ")
	addr, _, _ := strings.Cut(rest, ": ")
	go func() { _, _ = io.Copy(io.Discard, r) }()
	if code, out, errs := call(t, "send", "--peer", "tls10-only", "--to", addr); code != exitOK || !strings.Contains(out, "--- delivered") {
		t.Errorf("tls10-only: exit code %d: %s %s", code, out, errs)
	}
	if code, out, _ := call(t, "send", "--peer", "modern", "--to", addr); code != exitFailed || !strings.Contains(out, "protocol_version(70)") {
		t.Errorf("modern: exit code %d: %s", code, out)
	}
	cancel()
	if code := <-done; code != exitInterrupted {
		t.Errorf("serve: exit code %d, want 130", code)
	}
}
