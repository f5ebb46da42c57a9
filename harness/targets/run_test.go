package targets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mailtls/fakes"
)

// syncBuffer is a log that goroutines may write to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func testWiring(log *syncBuffer) Wiring {
	return Wiring{
		Domain: "mailtls.test", Host: "mx.target.mailtls.test", Collector: "127.0.0.9:2525",
		User: "tester", Password: "secret word", Log: log, Resolver: "127.23.0.53", Submitter: "127.23.0.9",
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("want an error with %q, got: %v", part, err)
		}
	}
}

// gone tells whether nobody listens at an address any more, and waits for it.
func gone(t *testing.T, addr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil && ctx.Err() == nil {
			return
		}
		if err == nil {
			_ = conn.Close()
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s still listens", addr)
		case <-tick.C:
		}
	}
}

// checkPID wants a living process to be named.
func checkPID(t *testing.T, r *Running) {
	t.Helper()
	if err := syscall.Kill(r.PID, 0); r.PID <= 1 || err != nil {
		t.Errorf("process %d: %v", r.PID, err)
	}
}

func TestForeground(t *testing.T) {
	t.Parallel()
	p, log := loadFake(t, "fake"), &syncBuffer{}
	if err := p.Available(); err != nil {
		t.Fatal(err)
	}
	r, err := p.Start(t.Context(), Variant{Name: "default"}, testWiring(log))
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(r.Addrs)); !slices.Equal(got, []fakes.Listener{"smtp", "submission"}) {
		t.Errorf("listeners are %v", got)
	}
	if r.Version != "1.2.3-fake" || r.Roots == nil {
		t.Errorf("version is %q, roots %v", r.Version, r.Roots)
	}
	checkPID(t, r)
	conf, dir := runFolder(t, log)
	for _, want := range []string{
		"listen " + r.Addrs["smtp"] + "\n", "host mx.target.mailtls.test\n", "collector 127.0.0.9:2525\n",
		"cert " + dir + "/tls/server.pem\n",
	} {
		if !strings.Contains(conf, want) {
			t.Errorf("no %q in:\n%s", want, conf)
		}
	}
	if account, err := os.ReadFile(filepath.Join(dir, "account")); string(account) != "tester:secret word" {
		t.Errorf("prepare got %q (%v)", account, err)
	}
	checkIdle(t, r, dir)
	if err := r.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	gone(t, r.Addrs["smtp"])
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("folder of the run is left: %v", err)
	}
	for _, want := range []string{"serving\n", "fake.log:\nthis stands in the log\n"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in the log:\n%s", want, log)
		}
	}
}

// runFolder finds the folder of the run in the log, and the configuration in it.
func runFolder(t *testing.T, log *syncBuffer) (conf, dir string) {
	t.Helper()
	for line := range strings.Lines(log.String()) {
		if _, name, ok := strings.Cut(strings.TrimSpace(line), " serve "); ok {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("mode of %s: %v (%v)", name, info.Mode(), err)
			}
			return string(data), filepath.Dir(filepath.Dir(name))
		}
	}
	t.Fatalf("no serve command in the log:\n%s", log)
	return "", ""
}

func checkIdle(t *testing.T, r *Running, dir string) {
	t.Helper()
	for queue, want := range map[string]bool{"queue empty": true, "queue is empty": true, "one": false, "the queue empty": false} {
		if err := os.WriteFile(filepath.Join(dir, "queue"), []byte(queue), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := r.Idle(t.Context()); got != want || err != nil {
			t.Errorf("idle with %q: %v, %v", queue, got, err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "queue")); err != nil {
		t.Fatal(err)
	}
	_, err := r.Idle(t.Context())
	wantError(t, err, "ask fake whether its queue is empty: run cat /", "exit status 1", "it said:\n\t")
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	t.Run("quitter", func(t *testing.T) {
		t.Parallel()
		_, err := loadFake(t, "fake").Start(t.Context(), Variant{Name: "quitter"}, testWiring(&syncBuffer{}))
		wantError(t, err, "start fake/quitter: ", "the process ended before it listened", "fake: cannot go on", "this stands in the log")
	})
	t.Run("mute", func(t *testing.T) {
		t.Parallel()
		p := loadFake(t, "fake")
		p.m.Ready = "300ms"
		_, err := p.Start(t.Context(), Variant{Name: "mute"}, testWiring(&syncBuffer{}))
		wantError(t, err, "await smtp on 127.0.0.1:", "no answer within 300ms")
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errors.New("enough"))
		defer cancel()
		_, err := loadFake(t, "fake").Start(ctx, Variant{Name: "mute"}, testWiring(&syncBuffer{}))
		wantError(t, err, "enough")
	})
	t.Run("port taken", func(t *testing.T) {
		t.Parallel()
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		p := loadFake(t, "fake")
		p.m.Listen["smtp"] = ln.Addr().(*net.TCPAddr).Port
		_, err = p.Start(t.Context(), Variant{Name: "mute"}, testWiring(&syncBuffer{}))
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		wantError(t, err, "take port "+port+" of 127.0.0.1 for smtp: another program listens there")
	})
	t.Run("wiring", func(t *testing.T) {
		t.Parallel()
		p := loadFake(t, "fake")
		for want, w := range map[string]Wiring{
			"no domain or no host":      {Host: "h", Log: &syncBuffer{}},
			"has spaces in it":          {Host: "a\nb", Domain: "d", Log: &syncBuffer{}},
			`collector "x": want host:`: {Host: "a", Domain: "d", Collector: "x", Log: &syncBuffer{}},
		} {
			_, err := p.Start(t.Context(), Variant{Name: "default"}, w)
			wantError(t, err, want)
		}
		_, err := p.Start(t.Context(), Variant{Name: "other"}, testWiring(&syncBuffer{}))
		wantError(t, err, `find variant "other" of target fake: there are default, quitter, mute, deaf`)
	})
	t.Run("no program", func(t *testing.T) {
		t.Parallel()
		p := loadFake(t, "fake")
		if err := os.Remove(filepath.Join(p.folder, "fake-mta")); err != nil {
			t.Fatal(err)
		}
		wantError(t, p.Available(), "find ./fake-mta: ", "build or install it")
		wantError(t, p.Status(t.Context()).Problem, "find ./fake-mta: ")
	})
}

// TestKilled stops software that takes no notice.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"fake", "daemon"} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			r, err := loadFake(t, folder).Start(t.Context(), Variant{Name: "deaf"}, testWiring(&syncBuffer{}))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			wantError(t, r.Stop(ctx), "/deaf: stop process ", "killed")
			gone(t, r.Addrs["smtp"])
		})
	}
}

func TestDaemon(t *testing.T) {
	t.Parallel()
	p := loadFake(t, "daemon")
	r, err := p.Start(t.Context(), Variant{}, testWiring(&syncBuffer{}))
	if err != nil {
		t.Fatal(err)
	}
	if r.Idle != nil || r.Roots != nil || r.Version != "" {
		t.Errorf("what target.yaml does not give is there: %+v", r)
	}
	if err := r.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	gone(t, r.Addrs["smtp"])
}

// TestDiesWithUs kills a mailtls and sees its foreground target end.
func TestDiesWithUs(t *testing.T) {
	t.Parallel()
	p := loadFake(t, "fake")
	addr, kill := hold(t, p.folder)
	kill()
	gone(t, addr)
}

// hold starts a target in another process and returns its address, and how to
// kill that process.
func hold(t *testing.T, ref string) (addr string, kill func()) {
	t.Helper()
	dir := t.TempDir()
	linkTo(t, filepath.Join(dir, "holder"))
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "holder"), ref)
	cmd.Env = append(os.Environ(), "TMPDIR="+dir) // what it leaves there goes with the test
	cmd.Stderr = &syncBuffer{}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	n, _ := out.Read(buf)
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	if n == 0 {
		kill()
		if said := fmt.Sprint(cmd.Stderr); strings.Contains(said, ErrRootBusy.Error()) {
			t.Skip(said)
		}
		t.Fatalf("start %s: %s", ref, cmd.Stderr)
	}
	return strings.TrimSpace(string(buf[:n])), kill
}
