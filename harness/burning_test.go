package harness_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/fakes/receiver"
	"mailtls/harness"
)

// burnVariable of the environment makes this program a peer with two addresses: a
// session at the second takes a slice of CPU time more.
const burnVariable = "MAILTLS_BURN"

// startBurning starts such a peer in a process of its own. It gives its addresses and
// what ends it.
func startBurning(t *testing.T, slice time.Duration) (plain, burning string, end func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), burnVariable+"="+slice.String())
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end = sync.OnceFunc(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	t.Cleanup(end)
	if _, err := fmt.Fscan(out, &plain, &burning); err != nil {
		t.Fatalf("start peer: %v", err)
	}
	return plain, burning, end
}

// playBurning is that peer; it ends with its input.
func playBurning(text string) error {
	slice, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	server, err := opportunisticServer()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var serving sync.WaitGroup
	for _, more := range []time.Duration{0, slice} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		serving.Go(func() { _ = server.Serve(ctx, &burning{Listener: ln, slice: more}) })
		fmt.Println(ln.Addr())
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	stop()
	serving.Wait()
	return nil
}

// opportunisticServer takes mail in clear and in TLS, and forgets it.
func opportunisticServer() (*receiver.Server, error) {
	profile, err := fakes.Receiver("opportunistic")
	if err != nil {
		return nil, err
	}
	authority, err := pki.New(time.Now())
	if err != nil {
		return nil, err
	}
	host := profile.HostUnder(harness.Domain)
	cert, err := authority.ForPeer(profile, host, harness.Domain)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	return &receiver.Server{
		Profile: profile, Listener: profile.Listener(), Host: host, Certificate: cert, ClientRoots: authority.Roots(),
		Now: func() time.Duration { return time.Since(start) }, Clock: time.Now,
	}, nil
}

// burning is a listener whose connections each burn a slice of CPU time before the
// greeting, which the client waits for.
type burning struct {
	net.Listener
	slice time.Duration
}

// Accept takes the next connection.
func (b *burning) Accept() (net.Conn, error) {
	c, err := b.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &burningConn{Conn: c, burn: sync.OnceFunc(func() { burn(b.slice) })}, nil
}

type burningConn struct {
	net.Conn
	burn func()
}

// Write burns the slice if it is the first.
func (c *burningConn) Write(b []byte) (int, error) {
	c.burn()
	return c.Conn.Write(b)
}

// burn takes so much CPU time of the thread that it is on.
func burn(slice time.Duration) {
	if slice <= 0 {
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for end := threadTime() + slice; threadTime() < end; {
		for range 100 { // asking for the time is most of it otherwise
			runtime.KeepAlive(strings.Repeat("x", 1))
		}
	}
}

// TestBurnTakesWhatItSays: the slice is what makes the one peer slower.
func TestBurnTakesWhatItSays(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const slice = 5 * time.Millisecond
	before := threadTime()
	burn(slice)
	if took := threadTime() - before; took < slice || took > 2*slice {
		t.Errorf("burning %s took %s", slice, took)
	}
}
