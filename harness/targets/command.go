package targets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	// commandTime bounds a command that is to return.
	commandTime = time.Minute
	// stopTime is how long the software gets to end when it is asked to.
	stopTime = 15 * time.Second
	// killTime is how long the machine gets to end a process that was killed.
	killTime = 5 * time.Second
)

// run runs a command to its end and returns what it printed. Both outputs go
// to the log; an error quotes the end of them.
//
// Why through files (2026-11): a daemon that a command leaves behind may hold
// on to its outputs, and would keep pipes, and us, waiting.
func (pl *place) run(ctx context.Context, c command) (string, error) {
	cmd, err := pl.command(c)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(pl.log, "$ %s\n", c)
	dir, err := os.MkdirTemp("", "mailtls-output-")
	if err != nil {
		return "", fmt.Errorf("run %s: %w", c, err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // an empty folder is left at the worst
	out, err1 := os.Create(dir + "/out")
	errs, err2 := os.Create(dir + "/err")
	if err := errors.Join(err1, err2); err != nil {
		return "", fmt.Errorf("run %s: %w", c, err)
	}
	cmd.Stdout, cmd.Stderr = out, errs
	err = runBounded(ctx, cmd)
	err = errors.Join(err, out.Close(), errs.Close())
	text, _ := readEnd(out.Name())
	more, _ := readEnd(errs.Name())
	fmt.Fprint(pl.log, wholeLines(text), wholeLines(more))
	if err != nil {
		return text, said(fmt.Errorf("run %s: %w", c, err), text+more)
	}
	return text, nil
}

// wholeLines ends a text that is not empty with a line end.
func wholeLines(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}

// runBounded runs a command that is killed, with the group of processes that
// it leads, when ctx ends or it takes too long.
func runBounded(ctx context.Context, cmd *exec.Cmd) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	cmd.WaitDelay = killTime
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	timer := time.NewTimer(commandTime)
	defer timer.Stop()
	var why error
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		why = context.Cause(ctx)
	case <-timer.C:
		why = fmt.Errorf("still running after %v", commandTime)
	}
	killGroup(cmd.Process.Pid)
	<-done
	return why
}

// ownGroup makes a process the leader of a new group, so that what it starts
// can be ended with it, and so that the terminal's ctrl-C does not reach the
// software before we end it in good order.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills a process that was started with ownGroup, and its group.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// child is software that runs as our own child process.
type child struct {
	pid int
	// out remembers what it printed last.
	out *journal
	// done is closed when the process has ended; err then says how.
	done chan struct{}
	err  error
}

// startChild starts a foreground process; its output goes to the log.
//
// Its owner stays on one thread: the system ends the child when the thread
// that started it is gone, so that it does not outlive a mailtls that was
// killed.
func (pl *place) startChild(c command) (*child, error) {
	cmd, err := pl.command(c)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(pl.log, "$ %s\n", c)
	ch := &child{out: newJournal(pl.log), done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = ch.out, ch.out
	cmd.WaitDelay = killTime
	dieWithUs(cmd.SysProcAttr)
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		ch.pid = cmd.Process.Pid
		started <- nil
		ch.err = cmd.Wait()
		close(ch.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("run %s: %w", c, err)
	}
	return ch, nil
}

// end ends a child: SIGTERM, and SIGKILL when that does not help in time or
// ctx ends. What else is in its group is killed too.
func (ch *child) end(ctx context.Context) error {
	timer := time.NewTimer(stopTime)
	defer timer.Stop()
	defer killGroup(ch.pid)
	select {
	case <-ch.done: // before it was asked to
		return nil
	default:
	}
	_ = syscall.Kill(ch.pid, syscall.SIGTERM)
	select {
	case <-ch.done:
		return nil
	case <-ctx.Done():
	case <-timer.C:
	}
	killGroup(ch.pid)
	<-ch.done
	return fmt.Errorf("stop process %d: it did not end on SIGTERM and was killed", ch.pid)
}
