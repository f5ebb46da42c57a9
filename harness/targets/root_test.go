package targets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLockRoot(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "root")
	lock, err := lockRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = lockRoot(dir)
	wantError(t, err, fmt.Sprintf("lock root %s: root in use by mailtls with pid %d; wait", dir, os.Getpid()))
	if !errors.Is(err, ErrRootBusy) {
		t.Errorf("want ErrRootBusy, got: %v", err)
	}
	if err := os.Truncate(dir+".lock", 0); err != nil {
		t.Fatal(err)
	}
	_, err = lockRoot(dir)
	wantError(t, err, "root in use by another mailtls")
	if err := lock.release(); err != nil {
		t.Fatal(err)
	}
	if lock, err = lockRoot(dir); err != nil {
		t.Fatal(err)
	}
	if err := lock.release(); err != nil {
		t.Error(err)
	}
}

// fakeMmdebstrap puts a mmdebstrap of ours first in PATH, and a cache folder of
// its own around the test. The environment variable MODE tells it what to do.
func fakeMmdebstrap(t *testing.T) (p *Process, roots string) {
	t.Helper()
	if err := canHaveRoots(); err != nil {
		t.Skip(err)
	}
	bin, cache := t.TempDir(), t.TempDir()
	script := `#!/bin/sh
for dir; do :; done
mkdir -p "$dir/etc" && echo "$@" >"$dir/etc/args" && echo "W: never mind" >&2 && echo "I: working ($MODE)" >&2
case $MODE in
wait) exec sleep 60 ;;
fail) echo "E: no such suite" >&2; exit 25 ;;
esac
`
	if err := os.WriteFile(filepath.Join(bin, "mmdebstrap"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("XDG_CACHE_HOME", cache)
	p, err := loadText(t, rootManifest, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p, filepath.Join(cache, "mailtls", "roots")
}

func TestInstall(t *testing.T) {
	p, roots := fakeMmdebstrap(t)
	dir := filepath.Join(roots, "my-mta")
	wantError(t, p.Available(), "find root "+dir+": not installed; run `mailtls targets install my-mta`")
	// Left by a mailtls that was killed.
	if err := os.MkdirAll(dir+".new/half", 0o755); err != nil {
		t.Fatal(err)
	}
	var steps []string
	step := func(line string) { steps = append(steps, line) }
	if err := p.Install(t.Context(), step); err != nil {
		t.Fatal(err)
	}
	want := []string{"working ()", "moving the root into place", "installed: " + dir}
	if !slices.Equal(steps, want) {
		t.Errorf("steps are %q", steps)
	}
	if err := p.Available(); err != nil {
		t.Error(err)
	}
	args, err := os.ReadFile(dir + "/etc/args")
	if string(args) != "--variant=essential --include=my-mta bookworm "+dir+".new\n" {
		t.Errorf("arguments are %q (%v)", args, err)
	}
	p.m.Root.Packages = append(p.m.Root.Packages, "extra")
	wantError(t, p.Available(), "made of other packages than target.yaml lists now; run `mailtls targets install my-mta`")
	if s := p.Status(t.Context()); s.Problem == nil || s.Path != dir || s.Name != "my-mta" {
		t.Errorf("status is %+v", s)
	}
	if err := p.Install(t.Context(), step); err != nil || p.Available() != nil {
		t.Errorf("install again: %v, %v", err, p.Available())
	}
	steps = nil
	if err := p.Install(t.Context(), step); err != nil || !slices.Equal(steps, []string{"already installed: " + dir}) {
		t.Errorf("install once more: %v, %q", err, steps)
	}
	checkRoots(t, roots, "my-mta", "my-mta.lock")
}

// checkRoots compares the folder of roots with what it should hold.
func checkRoots(t *testing.T, roots string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(roots)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("roots are %q, want %q (%v)", got, want, err)
	}
}

func TestInstallFails(t *testing.T) {
	p, roots := fakeMmdebstrap(t)
	t.Setenv("MODE", "fail")
	err := p.Install(t.Context(), func(string) {})
	wantError(t, err, "install my-mta: make root with mmdebstrap: exit status 25; it said:\n", "\tE: no such suite")
	checkRoots(t, roots, "my-mta.lock")

	t.Setenv("MODE", "wait")
	ctx, cancel := context.WithCancelCause(t.Context())
	err = p.Install(ctx, func(string) { cancel(errors.New("ctrl-C")) })
	wantError(t, err, "install my-mta: make root: ctrl-C")
	checkRoots(t, roots, "my-mta.lock")

	lock, err := lockRoot(filepath.Join(roots, "my-mta"))
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, p.Install(t.Context(), func(string) {}), "root in use by mailtls with pid")
	if err := lock.release(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", "")
	wantError(t, p.Install(t.Context(), func(string) {}), "find mmdebstrap: not installed; run `apt-get install mmdebstrap`")
}

func TestInstallWithoutRoot(t *testing.T) {
	t.Parallel()
	p, err := loadText(t, goodManifest, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, p.Install(t.Context(), nil), "install my-mta: it has no root")
}

// TestRemoveTree must not reach into what is mounted.
func TestRemoveTree(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/mountinfo"); err != nil {
		t.Skip(err)
	}
	mounted := ""
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); f[4] != "/" {
			mounted = f[4]
		}
	}
	if mounted == "" {
		t.Skip("nothing is mounted")
	}
	wantError(t, mountedIn(mounted), "something is mounted on "+mounted+"; unmount it first")
	wantError(t, mountedIn(filepath.Dir(mounted)), "; unmount it first")
	dir := filepath.Join(t.TempDir(), "x")
	if err := os.MkdirAll(filepath.Join(dir, "y"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := removeTree(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", dir, err)
	}
}

// TestSymbolicLinks must not lead out of a place.
func TestSymbolicLinks(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	pl := &place{dir: t.TempDir(), log: newJournal(&syncBuffer{})}
	if err := os.Symlink(outside, pl.host("etc")); err != nil {
		t.Fatal(err)
	}
	err := pl.write(t.Context(), "/etc/my.conf", []byte("x"), 0o644, "")
	wantError(t, err, "write /etc/my.conf: ")
	if entries, err := os.ReadDir(outside); err != nil || len(entries) != 0 {
		t.Errorf("written outside: %v (%v)", entries, err)
	}
}
