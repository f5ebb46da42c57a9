package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"mailtls/results"
)

// playFewFiles loads an address with more sessions at once than it may have files
// open, and says what became of them.
func playFewFiles(args []string) error {
	if len(args) != 1 {
		return errors.New("want an address")
	}
	const files = 40
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: files, Max: files}); err != nil {
		return fmt.Errorf("limit files: %w", err)
	}
	ready("limited")
	r, err := Drive(context.Background(), Job{Addr: args[0], Plan: results.Plan{
		Addr: args[0], Rate: 400, Count: 200, Sessions: []results.SessionPlan{{Kind: results.KindPlain, Hold: results.Span(300 * time.Millisecond)}},
	}})
	if err != nil {
		return err
	}
	text, err := json.Marshal(r.Failed)
	if err != nil {
		return err
	}
	fmt.Printf("%d %d %s\n", r.Attempted, r.Completed, text)
	return nil
}

// TestOutOfFiles: sessions for which there is no file fail as such, the others
// complete, and the run ends.
func TestOutOfFiles(t *testing.T) {
	p := startPeer(t, named(t, "opportunistic"))
	h := startHelper(t, "few-files "+p.addr)
	line, err := h.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var attempted, completed int64
	var text string
	if _, err := fmt.Sscan(line, &attempted, &completed, &text); err != nil {
		t.Fatalf("read %q: %v", line, err)
	}
	failed := map[results.ErrorClass]int64{}
	if err := json.Unmarshal([]byte(text), &failed); err != nil {
		t.Fatalf("read %q: %v", text, err)
	}
	if n := failed[results.FailNoFiles]; attempted != 200 || completed == 0 || n == 0 || n+completed != attempted {
		t.Errorf("%d attempted, %d completed, failed %v, want no-files for what did not complete", attempted, completed, failed)
	}
}
