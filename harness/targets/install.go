package targets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// interruptTime is how long the making of a root gets to clear up when it is
// interrupted.
const interruptTime = 30 * time.Second

// Install makes the target's root, or makes it anew when target.yaml lists
// other packages now; a root that is as it should be is left alone. progress
// gets a line for each step. When it fails, or ctx ends, nothing half made is
// left, and an older root stays.
func (p *Process) Install(ctx context.Context, progress func(line string)) error {
	if err := p.install(ctx, progress); err != nil {
		return fmt.Errorf("install %s: %w", p.m.Name, err)
	}
	return nil
}

func (p *Process) install(ctx context.Context, progress func(line string)) error {
	if p.m.Root == nil {
		return errors.New("it has no root; build or install the software as its makers say")
	}
	if err := canHaveRoots(); err != nil {
		return err
	}
	dir, err := p.rootDir()
	if err != nil {
		return err
	}
	if p.checkRoot(dir) == nil {
		progress("already installed: " + dir)
		return nil
	}
	tool, err := exec.LookPath("mmdebstrap")
	if err != nil {
		return errors.New("find mmdebstrap: not installed; run `apt-get install mmdebstrap`")
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("make cache folder: %w", err)
	}
	if dir, err = p.rootDir(); err != nil { // again: links are resolved where there is something
		return err
	}
	lock, err := lockRoot(dir)
	if err != nil {
		return err
	}
	return errors.Join(p.replaceRoot(ctx, dir, tool, progress), lock.release())
}

// replaceRoot makes a root beside the place where it belongs and moves it there
// when it is whole. The lock is held.
func (p *Process) replaceRoot(ctx context.Context, dir, tool string, progress func(line string)) error {
	fresh, old := dir+".new", dir+".old"
	for _, left := range []string{fresh, old} { // of a mailtls that was killed
		if err := removeTree(left); err != nil {
			return err
		}
	}
	err := p.makeRoot(ctx, fresh, tool, progress)
	if err == nil {
		progress("moving the root into place")
		err = p.swap(ctx, dir, fresh, old)
	}
	if err != nil {
		return errors.Join(err, removeTree(fresh))
	}
	progress("installed: " + dir)
	return removeTree(old)
}

// makeRoot runs mmdebstrap and stamps what it made.
func (p *Process) makeRoot(ctx context.Context, dir, tool string, progress func(line string)) error {
	out := &stepWriter{step: progress, log: newJournal(io.Discard)}
	cmd := exec.CommandContext(ctx, tool, "--variant=essential",
		"--include="+strings.Join(p.m.Root.Packages, ","), p.m.Root.Suite, dir)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = ownGroup()
	// To the whole group, as the terminal does it: mmdebstrap passes nothing on.
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = interruptTime
	err := cmd.Run()
	if cmd.Process != nil {
		killGroup(cmd.Process.Pid) // only what has not ended by itself
	}
	if ctx.Err() != nil {
		return fmt.Errorf("make root: %w", context.Cause(ctx))
	}
	if err != nil {
		return said(fmt.Errorf("make root with mmdebstrap: %w", err), out.log.last())
	}
	if err := os.WriteFile(filepath.Join(dir, stampFile), []byte(p.m.Root.stamp()), 0o644); err != nil {
		return fmt.Errorf("stamp root: %w", err)
	}
	return nil
}

// swap puts a fresh root where an old one may be, in which a daemon may have
// been left.
func (p *Process) swap(ctx context.Context, dir, fresh, old string) error {
	pl := &place{dir: dir, root: true, log: newJournal(io.Discard)}
	if pid := pl.daemon(p.m.PIDFile); p.m.PIDFile != "" && pid != 0 {
		if err := pl.endDaemon(ctx, pid, nil); pl.owns(pid) {
			return fmt.Errorf("stop what an earlier run has left in the old root: %w", err)
		}
	}
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("move the old root away: %w", err)
	}
	if err := os.Rename(fresh, dir); err != nil {
		back := os.Rename(old, dir)
		if errors.Is(back, os.ErrNotExist) {
			back = nil
		}
		return errors.Join(fmt.Errorf("move the root into place: %w", err), back)
	}
	return nil
}

// removeTree removes a root, unless something is mounted in it.
func removeTree(dir string) error {
	err := mountedIn(dir)
	if err == nil {
		err = os.RemoveAll(dir)
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	return nil
}

// mountedIn is an error when something is mounted in a folder: who removes the
// folder would remove what is mounted as well.
func mountedIn(dir string) error {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("see what is mounted: %w", err)
	}
	plain := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		if len(f) < 5 {
			continue
		}
		if on := plain.Replace(f[4]); on == dir || strings.HasPrefix(on, strings.TrimSuffix(dir, "/")+"/") {
			return fmt.Errorf("something is mounted on %s; unmount it first", on)
		}
	}
	return nil
}

// stepWriter passes on the lines in which mmdebstrap says what it does.
type stepWriter struct {
	step    func(line string)
	log     *journal
	partial []byte
}

// Write takes lines that end in LF or, as progress displays do, in CR.
func (w *stepWriter) Write(p []byte) (int, error) {
	_, _ = w.log.Write(p)
	w.partial = append(w.partial, p...)
	for {
		i := bytes.IndexAny(w.partial, "\r\n")
		if i < 0 {
			return len(p), nil
		}
		if line, ok := strings.CutPrefix(string(w.partial[:i]), "I: "); ok {
			w.step(strings.TrimSpace(line))
		}
		w.partial = w.partial[i+1:]
	}
}
