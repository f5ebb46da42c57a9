package targets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// rootDir is where the target's root is, or would be: in the cache folder of
// the user, links resolved.
func (p *Process) rootDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w; set XDG_CACHE_HOME", err)
	}
	roots := filepath.Join(cache, "mailtls", "roots")
	if there, err := filepath.EvalSymlinks(filepath.Join(roots, p.m.Name)); err == nil {
		return there, nil
	}
	if there, err := filepath.EvalSymlinks(roots); err == nil {
		roots = there
	}
	return filepath.Join(roots, p.m.Name), nil
}

// stampFile inside a root tells what it was made of.
const stampFile = ".mailtls-root"

// stamp is what the root is to be made of.
func (r *rootSpec) stamp() string {
	return r.Suite + "\n" + strings.Join(slices.Sorted(slices.Values(r.Packages)), "\n") + "\n"
}

// checkRoot is nil when the root is there and made of what target.yaml says.
func (p *Process) checkRoot(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("find root %s: not installed; run `mailtls targets install %s`", dir, p.argument())
	}
	stamp, err := os.ReadFile(filepath.Join(dir, stampFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("check root %s: %w", dir, err)
	}
	if string(stamp) != p.m.Root.stamp() {
		return fmt.Errorf("check root %s: made of other packages than target.yaml lists now; run `mailtls targets install %s`",
			dir, p.argument())
	}
	return nil
}

// argument is how the target is named on the command line.
func (p *Process) argument() string {
	if p.folder == "" {
		return p.m.Name
	}
	return p.origin
}

// ErrRootBusy says that another mailtls uses the root.
var ErrRootBusy = errors.New("root in use")

// rootLock keeps others out of a root; the system lets go of it when we end.
type rootLock struct{ file *os.File }

// lockRoot takes the lock of a root; its file lies beside the root and holds
// the pid of the one that has it.
func lockRoot(dir string) (*rootLock, error) {
	name := dir + ".lock"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock root %s: %w", dir, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		pid, errRead := readPID(name)
		err = errors.Join(err, f.Close())
		switch {
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return nil, fmt.Errorf("lock root %s: %w", dir, err)
		case errRead != nil:
			return nil, fmt.Errorf("lock root %s: %w by another mailtls; wait for it to end", dir, ErrRootBusy)
		}
		return nil, fmt.Errorf("lock root %s: %w by mailtls with pid %d; wait for it to end", dir, ErrRootBusy, pid)
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	if err != nil {
		return nil, fmt.Errorf("lock root %s: %w", dir, errors.Join(err, f.Close()))
	}
	return &rootLock{file: f}, nil
}

// release lets others in.
func (l *rootLock) release() error {
	if err := errors.Join(l.file.Truncate(0), l.file.Close()); err != nil {
		return fmt.Errorf("unlock root: %w", err)
	}
	return nil
}
