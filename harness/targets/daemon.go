package targets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// poll is how often it is looked whether something has happened that nobody
// tells us.
const poll = 20 * time.Millisecond

// readPID reads a pid file: the number on its first line.
func readPID(name string) (int, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return 0, fmt.Errorf("read pid file: %w", err)
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(data)), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 1 {
		return 0, fmt.Errorf("read pid file %s: %q is no process", name, first)
	}
	return pid, nil
}

// owns tells whether a process is alive and of this place: for a root, that it
// runs inside it. A pid file may be older than the process that has its number
// now.
func (pl *place) owns(pid int) bool {
	if pl.root {
		root, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "root"))
		return err == nil && root == pl.dir
	}
	return syscall.Kill(pid, 0) == nil && !isZombie(pid)
}

// isZombie tells whether a process has ended and is only not yet waited for,
// which a daemon's new parent may never do.
func isZombie(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	i := bytes.LastIndexByte(stat, ')')
	return err == nil && i >= 0 && bytes.HasPrefix(stat[i:], []byte(") Z"))
}

// daemon finds the process in the pid file; 0 when it is not alive.
func (pl *place) daemon(pidFile string) int {
	pid, err := readPID(pl.host(pidFile))
	if err != nil || !pl.owns(pid) {
		return 0
	}
	return pid
}

// endDaemon ends a daemon: through the stop command, or SIGTERM without one,
// and SIGKILL when that does not help in time or ctx ends.
func (pl *place) endDaemon(ctx context.Context, pid int, stop *command) error {
	var asked error
	if stop != nil {
		_, asked = pl.run(ctx, *stop)
	} else if pl.owns(pid) {
		asked = syscall.Kill(pid, syscall.SIGTERM)
	}
	wait, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	if pl.awaitGone(wait, pid) {
		return nil
	}
	if pl.owns(pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), killTime)
	defer cancel()
	if pl.awaitGone(last, pid) {
		return errors.Join(asked, fmt.Errorf("stop process %d: it did not end and was killed", pid))
	}
	return errors.Join(asked, fmt.Errorf("stop process %d: it is there even after SIGKILL", pid))
}

// awaitGone waits for the end of a process and tells whether it came.
func (pl *place) awaitGone(ctx context.Context, pid int) bool {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for pl.owns(pid) {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}
