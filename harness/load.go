package harness

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"mailtls/bench"
	"mailtls/results"
)

// LoadOptions say what load is put on whom.
type LoadOptions struct {
	// Plan to execute, as its owner wrote it.
	Plan results.Plan
	// Out is the folder for the run; empty stores nothing.
	Out string
	// Roots that the certificates at the plan's address lead to; nil are those of
	// this machine. Peers and targets of ours bring their own.
	Roots *x509.CertPool
	// Authorized allows an address beyond this machine.
	Authorized bool
	// Tool is what the run says of the program.
	Tool results.Tool
	// Log takes what a target prints; nil drops it.
	Log io.Writer
	// Progress is called every second; nil for no calls. Try is called before each
	// rate of a search.
	Progress func(bench.Progress)
	Try      func(results.Rate)
}

// Files of a load run's folder.
const (
	RunFile        = "run.json"
	RunLogFile     = "run.hlog"
	RunBenchFile   = "run.bench"
	RunMetricsFile = "run.prom"
	RunTableFile   = "run.csv"
)

// Load starts what the plan loads where that is ours to start, executes the plan,
// stops it, and stores the run in Out. When the context ends early the run says
// so and is stored all the same; the error is nil then.
func Load(ctx context.Context, o LoadOptions) (*results.Run, error) {
	plan := o.Plan.Filled()
	if faults := plan.Check(); len(faults) > 0 {
		var all []error
		for _, f := range faults {
			all = append(all, f)
		}
		return nil, fmt.Errorf("read plan: %w", errors.Join(all...))
	}
	if err := vacant(o.Out); err != nil {
		return nil, err
	}
	at, err := o.start(ctx, plan)
	if err != nil {
		return nil, err
	}
	run, err := o.execute(ctx, plan, at)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if stopErr := at.stop(stopping); stopErr != nil {
		err = errors.Join(err, fmt.Errorf("stop target: %w", stopErr))
	}
	if run == nil {
		return nil, err
	}
	if o.Out != "" {
		err = errors.Join(err, StoreRun(o.Out, run))
	}
	return run, err
}

// execute drives the plan, or searches.
func (o LoadOptions) execute(ctx context.Context, plan results.Plan, at *loaded) (*results.Run, error) {
	job := bench.Job{
		Plan: at.fill(plan), Addr: at.addr, Roots: at.roots, Shared: at.shared, Tool: o.Tool, Target: at.name, Progress: o.Progress,
	}
	if at.pid != 0 {
		job.TargetCPU = func() (time.Duration, error) { return bench.TreeCPU(at.pid) }
	}
	if plan.FindMax == (results.Ramp{}) {
		return bench.Drive(ctx, job)
	}
	run, err := bench.FindMax(ctx, plan.FindMax, func(ctx context.Context, rate results.Rate) (*results.Run, error) {
		if o.Try != nil {
			o.Try(rate)
		}
		try := job
		try.Plan.FindMax, try.Plan.Rate = results.Ramp{}, rate
		return bench.Drive(ctx, try)
	})
	if run != nil {
		run.Plan.FindMax, run.Plan.Rate = plan.FindMax, 0
	}
	return run, err
}

// vacant refuses a folder that holds a run already.
func vacant(dir string) error {
	if dir == "" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(dir, RunFile)); err == nil {
		return fmt.Errorf("store run: %s holds a run already: name another folder or remove it", dir)
	}
	return nil
}

// ReadRun reads the run in a folder.
func ReadRun(dir string) (*results.Run, error) { return readRunFile(filepath.Join(dir, RunFile)) }

func readRunFile(path string) (*results.Run, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read run: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	r, err := results.ReadRun(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return r, nil
}

// StoreRun writes the run and its views into a folder, which it makes. One that
// holds a run already is left alone.
func StoreRun(dir string, r *results.Run) error {
	if err := vacant(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("store run: %w", err)
	}
	for file, write := range map[string]func(io.Writer, *results.Run) error{
		RunFile: results.WriteRun, RunBenchFile: results.WriteBenchmark, RunMetricsFile: results.WritePrometheus, RunTableFile: results.WriteIntervals,
		RunLogFile: func(w io.Writer, r *results.Run) error { return results.WriteIntervalLog(w, r.Log()) },
	} {
		if err := ReplaceFile(filepath.Join(dir, file), func(w io.Writer) error { return write(w, r) }); err != nil {
			return err
		}
	}
	return nil
}

// local refuses an address beyond this machine: load there is its owner's to ask
// for.
func local(ctx context.Context, addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("read address %q: want HOST:PORT: %w", addr, err)
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return fmt.Errorf("look up %s: %w", host, err)
	}
	for _, ip := range ips {
		if !ip.Unmap().IsLoopback() {
			return fmt.Errorf("load %s: %s is beyond this machine: give --authorized if its owner agreed", addr, ip.Unmap())
		}
	}
	return nil
}
