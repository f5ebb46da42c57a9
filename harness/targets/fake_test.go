package targets

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMain makes the test binary play other programs when it is called by
// their names, so that the tests need no compiler.
func TestMain(m *testing.M) {
	var err error
	switch filepath.Base(os.Args[0]) {
	case "fake-mta":
		err = fakeMTA(os.Args[1], os.Args[2:])
	case "holder":
		err = holder(os.Args[1])
	default:
		// Children under the race detector would sleep a second before they end.
		_ = os.Setenv("GORACE", "atexit_sleep_ms=0")
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fake:", err)
		os.Exit(1)
	}
}

// linkTo makes a link to the test binary.
func linkTo(t *testing.T, name string) {
	t.Helper()
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, name)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// loadFake loads a copy of a folder of testdata in which fake-mta lies.
func loadFake(t *testing.T, folder string) *Process {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", folder))); err != nil {
		t.Fatal(err)
	}
	linkTo(t, filepath.Join(dir, "fake-mta"))
	p, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// holder starts a target, says so, and waits to be killed.
func holder(ref string) error {
	p, err := targetFor(ref)
	if err != nil {
		return err
	}
	v, err := p.Spec().Variant(DefaultVariant)
	if err != nil {
		return err
	}
	r, err := p.Start(context.Background(), v, Wiring{Domain: "example.test", Host: "mx.example.test", Log: io.Discard})
	if err != nil {
		return err
	}
	fmt.Println(r.Addrs["smtp"])
	select {}
}

// targetFor finds a target that comes with mailtls, or reads a folder.
func targetFor(ref string) (*Process, error) {
	all, err := Builtin()
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if p.m.Name == ref {
			return p, nil
		}
	}
	return Load(ref)
}

func fakeMTA(do string, args []string) error {
	switch do {
	case "serve":
		return fakeServe(args[0])
	case "daemon":
		self, err := os.Executable()
		if err != nil {
			return err
		}
		cmd := exec.Command(self, "serve", args[0])
		cmd.Args[0] = os.Args[0]
		// The daemon holds on to our outputs, as badly written ones do.
		cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = os.Stdout, os.Stderr, &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			return err
		}
		return os.WriteFile(args[1], fmt.Appendf(nil, "  %d\n", cmd.Process.Pid), 0o644)
	}
	return fmt.Errorf("unknown command %q", do)
}

// fakeServe greets on every listener until SIGTERM.
func fakeServe(conf string) error {
	text, err := os.ReadFile(conf)
	if err != nil {
		return err
	}
	set := map[string]string{}
	var addrs []string
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if set[key] = value; key == "listen" {
			addrs = append(addrs, value)
		}
	}
	err = errors.Join(os.WriteFile(set["queue"], []byte("queue is empty"), 0o600),
		os.WriteFile(set["log"], []byte("this stands in the log\n"), 0o600))
	if err != nil {
		return err
	}
	if set["mode"] == "quitter" {
		return errors.New("cannot go on")
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	for _, addr := range addrs {
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			return err
		}
		go fakeAccept(ln, set["mode"])
	}
	fmt.Println("serving")
	for range term {
		if set["mode"] != "deaf" {
			return nil
		}
	}
	return nil
}

func fakeAccept(ln net.Listener, mode string) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			if mode != "mute" {
				fmt.Fprint(conn, "220 fake\r\n")
			}
			_, _ = bufio.NewReader(conn).ReadString('\n')
		}()
	}
}
