package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// A measured test asks for processes of its own: the peers, so that what they use
// is not counted as the generator's, and whatever disturbs it. Each is this test
// binary again, in a role.

// roleVariable of the environment holds the role and its arguments.
const roleVariable = "MAILTLS_BENCH_ROLE"

// roles are what a helper can be. Each says on a line of its own that it is ready,
// and goes on until its input ends, which it does when its parent has gone too.
var roles = map[string]func(args []string) error{
	"peer":      playPeer,
	"delays":    playDelays,
	"burner":    playBurner,
	"few-files": playFewFiles,
}

func TestMain(m *testing.M) {
	role := strings.Fields(os.Getenv(roleVariable))
	if len(role) == 0 {
		os.Exit(m.Run())
	}
	play, known := roles[role[0]]
	if !known {
		fmt.Fprintln(os.Stderr, "there is no role", role[0])
		os.Exit(2)
	}
	if err := play(role[1:]); err != nil {
		fmt.Fprintln(os.Stderr, role[0]+":", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// ready tells the parent that the helper is, and what it has to know.
func ready(text string) { fmt.Println(text) }

// awaitParent returns when the parent closes the helper's input.
func awaitParent() { _, _ = io.Copy(io.Discard, os.Stdin) }

// helper is a process in a role.
type helper struct {
	cmd *exec.Cmd
	in  io.Closer
	out *bufio.Reader
	// word is what it said when it was ready.
	word string
	rest []byte
	over bool
}

// startHelper starts a role and waits until it is ready; it is ended with the
// test. The environment is added to the process's own.
func startHelper(t testing.TB, role string, environment ...string) *helper {
	t.Helper()
	h := &helper{cmd: exec.Command(os.Args[0])}
	h.cmd.Env = append(append(os.Environ(), roleVariable+"="+role), environment...)
	h.cmd.Stderr = os.Stderr
	in, err := h.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	h.in, h.out = in, bufio.NewReader(out)
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.end() })
	if h.word, err = h.out.ReadString('\n'); err != nil {
		t.Fatalf("start %s: %v", role, err)
	}
	h.word = strings.TrimSpace(h.word)
	return h
}

// end stops the process and gives what it still had to say.
func (h *helper) end() []byte {
	if h.over {
		return h.rest
	}
	h.over = true
	_ = h.in.Close()
	stuck := time.AfterFunc(10*time.Second, func() { _ = h.cmd.Process.Kill() })
	h.rest, _ = io.ReadAll(h.out)
	_ = h.cmd.Wait()
	stuck.Stop()
	return h.rest
}

// measureVariable of the environment names the measured tests that are wanted:
// they take minutes, and a machine of their own.
const measureVariable = "MAILTLS_MEASURE"

// measured skips a test whose measurement nobody asked for.
func measured(t *testing.T, what string) {
	t.Helper()
	if !slices.Contains(strings.Split(os.Getenv(measureVariable), ","), what) {
		t.Skipf("takes minutes and a quiet machine: make %s runs it", what)
	}
}

// playBurner keeps as many CPUs busy as it is told to, until its parent goes.
func playBurner(args []string) error {
	n := 0
	if _, err := fmt.Sscan(strings.Join(args, " "), &n); err != nil {
		return fmt.Errorf("read how many: %w", err)
	}
	for range n {
		go func() { // owned: it ends with the process
			block := bytes.Repeat([]byte{1}, 1<<12)
			for sum := 0; ; {
				for i := range block {
					sum += int(block[i])
				}
				block[sum&0xfff] ^= byte(sum)
			}
		}()
	}
	ready("burning")
	awaitParent()
	return nil
}

// TestHelpersEndWithTheirParent: a helper says that it is ready, and ends when its
// input does.
func TestHelpersEndWithTheirParent(t *testing.T) {
	h := startHelper(t, "burner 0")
	if h.word != "burning" {
		t.Errorf("it says %q", h.word)
	}
	h.end()
	if s := h.cmd.ProcessState; s == nil || s.ExitCode() != 0 {
		t.Errorf("ended with %v", s)
	}
}
