package harness

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"mailtls/bench"
	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/results"
)

// SinkOptions say what sink is played, and to whom.
type SinkOptions struct {
	// Plan of the sink. Its Listen is not used where a target sends.
	Plan results.SinkPlan
	// Out is the folder for what was measured; empty stores nothing.
	Out string
	// Open allows to listen where other machines can reach it.
	Open bool
	// Tool is what the run says of the program.
	Tool results.Tool
	// Ready is told the address once the sink listens; nil is told nothing.
	Ready func(addr string)
	// Progress is called every second; nil for no calls.
	Progress func(bench.SinkProgress)
}

// Files of a sink's folder.
const (
	SinkFile      = "sink.json"
	SinkDelayFile = "delays.csv"
	SinkRootFile  = "roots.pem"
)

// Sink listens and plays a sink for whoever sends, until its time is over or the
// context ends, and stores what it measured in Out: the error is nil then, too.
func Sink(ctx context.Context, o SinkOptions) (*results.SinkRun, error) {
	if err := o.reachable(); err != nil {
		return nil, err
	}
	job, authority, err := o.job(Domain, "")
	if err != nil {
		return nil, err
	}
	st, err := openSinkStore(o, authority)
	if err != nil {
		return nil, err
	}
	job.Delays = st.delays()
	ln, err := net.Listen("tcp", o.Plan.Listen)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen: %w", err), st.close())
	}
	job.Listener = ln.(*net.TCPListener)
	job.Plan.Listen = ln.Addr().String()
	if o.Ready != nil {
		o.Ready(job.Plan.Listen)
	}
	run, err := bench.Attend(ctx, job)
	return run, errors.Join(err, st.keep(run))
}

// reachable refuses to listen where others can reach the sink, unless that is
// wanted.
func (o SinkOptions) reachable() error {
	addr, err := net.ResolveTCPAddr("tcp", o.Plan.Listen)
	if err != nil {
		return fmt.Errorf("read address %q: want HOST:PORT: %w", o.Plan.Listen, err)
	}
	if !addr.IP.IsLoopback() && !o.Open {
		return fmt.Errorf("listen on %s: other machines may reach it: give --open if they may", o.Plan.Listen)
	}
	return nil
}

// job makes a sink for mail to a domain ready, but for its listener. The host is
// the peer's own under the domain where none is given.
func (o SinkOptions) job(domain, host string) (bench.SinkJob, *pki.Authority, error) {
	var job bench.SinkJob
	profile, err := fakes.Receiver(o.Plan.Peer)
	if err != nil {
		return job, nil, err
	}
	if err := bench.Playable(profile); err != nil {
		return job, nil, err
	}
	authority, err := pki.New(time.Now())
	if err != nil {
		return job, nil, fmt.Errorf("make certificates: %w", err)
	}
	if host == "" {
		host = profile.HostUnder(domain)
	}
	job = bench.SinkJob{Plan: o.Plan, Profile: profile, Host: host, ClientRoots: authority.Roots(), Tool: o.Tool, Progress: o.Progress}
	if profile.Offer != fakes.OfferNone {
		if job.Certificate, err = authority.ForPeer(profile, host, domain); err != nil {
			return job, nil, err
		}
	}
	return job, authority, nil
}

// sinkStore is the folder of a sink's run; the zero value keeps nothing.
type sinkStore struct {
	dir string
	log *os.File
}

// openSinkStore makes the folder. The root of the certificate and the log of delays
// are there while the sink runs.
func openSinkStore(o SinkOptions, authority *pki.Authority) (*sinkStore, error) {
	st := &sinkStore{dir: o.Out}
	if o.Out == "" {
		return st, nil
	}
	for _, file := range []string{SinkFile, RunFile} {
		if _, err := os.Stat(filepath.Join(o.Out, file)); err == nil {
			return nil, fmt.Errorf("store sink: %s holds a run already: name another folder or remove it", o.Out)
		}
	}
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return nil, fmt.Errorf("store sink: %w", err)
	}
	if err := os.WriteFile(filepath.Join(o.Out, SinkRootFile), authority.RootPEM(), 0o644); err != nil {
		return nil, fmt.Errorf("store sink: %w", err)
	}
	if o.Plan.Delay.Kind == "" {
		return st, nil
	}
	var err error
	if st.log, err = os.Create(filepath.Join(o.Out, SinkDelayFile)); err != nil {
		return nil, fmt.Errorf("store sink: %w", err)
	}
	return st, nil
}

// delays is where the log of delays goes; nil for nowhere.
func (st *sinkStore) delays() interface{ Write(p []byte) (int, error) } {
	if st.log == nil {
		return nil
	}
	return st.log
}

// close ends the log of delays.
func (st *sinkStore) close() error {
	if st.log == nil {
		return nil
	}
	log := st.log
	st.log = nil
	return log.Close()
}

// keep writes the run, which may be nil.
func (st *sinkStore) keep(run *results.SinkRun) error {
	err := st.close()
	if run == nil || st.dir == "" {
		return err
	}
	f, createErr := os.Create(filepath.Join(st.dir, SinkFile))
	if createErr != nil {
		return errors.Join(err, fmt.Errorf("store sink: %w", createErr))
	}
	w := bufio.NewWriter(f)
	return errors.Join(err, results.WriteSink(w, run), w.Flush(), f.Close())
}
