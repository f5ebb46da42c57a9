package targets

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// place is where a target runs: its root, or a fresh folder.
type place struct {
	// dir on this machine that the software's paths are below.
	dir string
	// root says that commands are run inside dir.
	root bool
	// folder of the target, for programs with a relative path.
	folder string
	// lock on the root; nil when it is not held.
	lock *rootLock
	// log takes what commands print.
	log *journal
}

// enter takes the target's root, or makes a folder for the run.
func (p *Process) enter(log *journal) (*place, error) {
	if p.m.Root == nil {
		dir, err := os.MkdirTemp("", "mailtls-"+p.m.Name+"-")
		if err != nil {
			return nil, fmt.Errorf("make folder for the run: %w", err)
		}
		return &place{dir: dir, folder: p.folder, log: log}, nil
	}
	dir, err := p.rootDir()
	if err != nil {
		return nil, err
	}
	lock, err := lockRoot(dir)
	if err != nil {
		return nil, err
	}
	return &place{dir: dir, root: true, folder: p.folder, lock: lock, log: log}, nil
}

// leave gives the place back.
func (pl *place) leave() error {
	if pl.root {
		return pl.lock.release()
	}
	if err := os.RemoveAll(pl.dir); err != nil {
		return fmt.Errorf("remove folder of the run: %w", err)
	}
	return nil
}

// seen is a path as the software names it.
func (pl *place) seen(name string) string {
	if pl.root {
		return path.Join("/", name)
	}
	return filepath.Join(pl.dir, name)
}

// host is a path as this machine names it.
func (pl *place) host(name string) string { return filepath.Join(pl.dir, name) }

// write puts a file in place. Symbolic links that lead out of it are refused.
func (pl *place) write(ctx context.Context, name string, data []byte, mode fs.FileMode, owner string) error {
	dir, err := os.OpenRoot(pl.dir)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer dir.Close() //nolint:errcheck // nothing was written through it
	local := strings.TrimPrefix(name, "/")
	err = dir.MkdirAll(path.Dir(local), 0o755)
	if err == nil {
		err = dir.WriteFile(local, data, mode)
	}
	if err == nil {
		err = dir.Chmod(local, mode) // an older file keeps its mode otherwise
	}
	if err == nil {
		// Postfix waits two seconds for a file that has just changed to settle.
		settled := time.Now().Add(-time.Minute)
		err = dir.Chtimes(local, settled, settled)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return pl.own(ctx, name, owner)
}

// own gives a file to a user of the root.
func (pl *place) own(ctx context.Context, name, owner string) error {
	if owner == "" {
		return nil
	}
	_, err := pl.run(ctx, command{args: []string{"chown", owner, name}})
	return err
}

// command makes a command ready to run in the place.
func (pl *place) command(c command) (*exec.Cmd, error) {
	cmd := &exec.Cmd{Args: c.args, SysProcAttr: ownGroup()}
	if c.stdin != "" {
		cmd.Stdin = strings.NewReader(c.stdin)
	}
	if !pl.root {
		program, err := exec.LookPath(hostProgram(pl.folder, c.args[0]))
		if err != nil {
			return nil, fmt.Errorf("run %s: %w; build or install it", c, err)
		}
		cmd.Path, cmd.Dir = program, pl.dir
		return cmd, nil
	}
	program, err := pl.rootProgram(c.args[0])
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", c, err)
	}
	cmd.Path, cmd.Dir, cmd.SysProcAttr.Chroot = program, "/", pl.dir
	cmd.Env = []string{"PATH=/" + strings.Join(rootPath(), ":/"), "HOME=/root", "LANG=C"}
	return cmd, nil
}

// hostProgram is what to look a program up by: a relative path is one below
// the target's folder.
func hostProgram(folder, program string) string {
	if strings.Contains(program, "/") && !filepath.IsAbs(program) {
		return filepath.Join(folder, program)
	}
	return program
}

// rootPath are the folders that programs are looked up in inside a root.
func rootPath() []string {
	return []string{"usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin"}
}

// rootProgram finds a program inside the root; exec.LookPath would look
// outside.
func (pl *place) rootProgram(program string) (string, error) {
	if strings.Contains(program, "/") {
		return path.Join("/", program), nil
	}
	for _, dir := range rootPath() {
		if info, err := os.Lstat(pl.host(path.Join(dir, program))); err == nil && !info.IsDir() {
			return path.Join("/", dir, program), nil
		}
	}
	return "", fmt.Errorf("find %s in root %s: not there; add the package that has it to target.yaml", program, pl.dir)
}

// showLog copies the end of a file that the software wrote to the log, and
// returns it.
func (pl *place) showLog(name string) string {
	if name == "" {
		return ""
	}
	end, err := readEnd(pl.host(name))
	if err != nil {
		return ""
	}
	fmt.Fprintf(pl.log, "%s:\n%s", name, end)
	return end
}

// readEnd reads the last 64 KiB of a file.
func readEnd(name string) (string, error) {
	const most = 64 << 10
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // only read
	if info, err := f.Stat(); err == nil && info.Size() > most {
		if _, err := f.Seek(-most, io.SeekEnd); err != nil {
			return "", err
		}
	}
	data, err := io.ReadAll(io.LimitReader(f, most))
	return string(data), err
}

// journal passes on what the software prints, and remembers the end of it.
type journal struct {
	mu  sync.Mutex
	to  io.Writer
	end []byte
}

func newJournal(to io.Writer) *journal { return &journal{to: to} }

// Write never fails: a log that cannot be written does not stop a target.
func (j *journal) Write(p []byte) (int, error) {
	const most = 8 << 10
	j.mu.Lock()
	defer j.mu.Unlock()
	_, _ = j.to.Write(p)
	j.end = append(j.end, p...)
	if len(j.end) > most {
		j.end = append([]byte(nil), j.end[len(j.end)-most:]...)
	}
	return len(p), nil
}

// last is what was printed last.
func (j *journal) last() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return string(j.end)
}

// said appends the last lines of an output to an error.
func said(err error, output string) error {
	const most = 12
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if err == nil || lines[0] == "" {
		return err
	}
	if len(lines) > most {
		lines = lines[len(lines)-most:]
	}
	return fmt.Errorf("%w; it said:\n\t%s", err, strings.Join(lines, "\n\t"))
}
