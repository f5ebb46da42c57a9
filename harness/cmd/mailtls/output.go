package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"mailtls/harness"
	"mailtls/results"
)

// say prints; what the terminal does not take is lost, and nothing to stop for.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

// lockedWriter lets several connections write to one file.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// Write writes p in one piece.
func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// writeJSON writes an indented document.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// table is a writer that aligns columns; the caller flushes it.
func table(w io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) }

// progress shows how far a run has come: one live line on a terminal, a line a
// failing case and one every ten elsewhere.
type progress struct {
	w      io.Writer
	target string
	live   bool
}

func newProgress(w io.Writer, target string) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, target: target, live: ok && term.IsTerminal(int(f.Fd()))}
}

func (p *progress) show(at harness.Progress) {
	elapsed := at.Elapsed.Round(100 * time.Millisecond)
	line := fmt.Sprintf("%s: %d of %d cases, %d failing, %s", p.target, at.Done, at.Total, at.Failed, elapsed)
	switch {
	case p.live:
		say(p.w, "\r\033[K%s", line)
	case at.Verdict.Status == results.StatusFail:
		say(p.w, "%s: FAIL %s: %s\n", p.target, at.Case, at.Verdict.Got)
	case at.Done%10 == 0 || at.Done == at.Total:
		say(p.w, "%s\n", line)
	}
}

func (p *progress) done() {
	if p.live {
		say(p.w, "\r\033[K")
	}
}

// printTable shows what a person wants to know first.
func printTable(w io.Writer, r *results.Report, dir string) {
	for _, status := range []results.Status{results.StatusFail, results.StatusError, results.StatusInconclusive, results.StatusNonstrict, results.StatusWaived} {
		for _, c := range r.Cases {
			if c.Status == status {
				printCase(w, c, dir)
			}
		}
	}
	t := table(w)
	say(t, "target\t%s %s\n", r.Target, r.Target.Version)
	say(t, "cases\t%s\n", counts(r))
	say(t, "outcome\t%s\n", strings.ToUpper(string(r.Outcome)))
	say(t, "report\t%s\n", filepath.Join(dir, harness.TextFile))
	_ = t.Flush()
	for _, n := range r.Notes {
		say(w, "note: %s\n", n)
	}
}

func printCase(w io.Writer, c results.CaseResult, dir string) {
	say(w, "%s %s %s (%s, %s)\n", strings.ToUpper(string(c.Status)), c.Level, c.Key(), c.Row, c.Source)
	t := table(w)
	for _, l := range [][2]string{{"reason", c.Reason}, {"want", c.Want}, {"got", c.Got}, {"see", strings.Join(c.Evidence, " ")}} {
		if l[1] != "" {
			say(t, "  %s\t%s\n", l[0], l[1])
		}
	}
	say(t, "  transcript\t%s\n", filepath.Join(dir, c.Transcript))
	_ = t.Flush()
	say(w, "\n")
}

// counts lists the statuses that occur.
func counts(r *results.Report) string {
	var parts []string
	for _, s := range results.Statuses() {
		if n := r.Summary[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return fmt.Sprintf("%d: %s; %d executed", len(r.Cases), strings.Join(parts, ", "), r.Executed)
}
