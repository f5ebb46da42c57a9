package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mailtls/bench"
	"mailtls/harness"
	"mailtls/results"
)

// benchFlags are what the user asked for besides the plan's own keys.
type benchFlags struct {
	plan, out, roots    string
	authorized, verbose bool
}

func newBench() *cobra.Command {
	var f benchFlags
	var pf pairedFlags
	cmd := &cobra.Command{
		Use:   "bench --addr HOST:PORT | --target NAME[/VARIANT] | --peer NAME | --paired A B",
		Short: "Load a mail server with TLS sessions and measure it",
		Long: "bench drives mail sessions at a server and measures their parts. Latency counts from when a session was due, so that\n" +
			"a server that stands still cannot hide it. A plan (--plan) has the flags below as its keys, with _ for - and the\n" +
			"lists in the plural: sources, thresholds; kind to think are of its sessions. A flag replaces what the plan says.\n\n" +
			"--paired measures two in alternation, in many short pairs, and compares them pair by pair: what else goes on at the\n" +
			"machine meets both alike. Half a pair is 2 workers for 500ms unless the plan or flags say otherwise. Called again with\n" +
			"the same --out it takes up what is there. Its exit code is that of compare, or 130.\n\n" +
			"Exit codes: 0 the thresholds were kept, 1 one was missed, 2 it could not run, 3 the figures are not the server's because\n" +
			"the generator did not keep up or others used the machine, 130 interrupted.",
		Example: "  mailtls bench --peer opportunistic --plan smoke\n" +
			"  mailtls bench --peer opportunistic --kind starttls --rate 200/s --duration 30s --threshold 'p99<50ms,errors<0.1%'\n" +
			"  mailtls bench --target postfix --kind starttls --size 4096 --workers 8 --duration 30s\n" +
			"  mailtls bench --addr 127.0.0.1:25 --find-max 50/s..2000/s --duration 10s --threshold 'p99<50ms'\n" +
			"  mailtls bench --paired postfix/default postfix/tls12-required",
		Args: pf.args,
		RunE: func(cmd *cobra.Command, args []string) error {
			if pf.paired {
				return benchmarkPaired(cmd, f, pf, args)
			}
			return benchmark(cmd, f)
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	addPlanFlags(fl)
	fl.StringVar(&f.plan, "plan", "", "plan that ships ("+strings.Join(bench.Plans(), ", ")+") or YAML file with one")
	fl.StringVar(&f.out, "out", "", "folder for the run (default results/runs/<time>-bench)")
	fl.StringVar(&f.roots, "roots", "", "PEM file with the roots that the certificate at --addr leads to (default: those of this machine)")
	fl.BoolVar(&f.authorized, "authorized", false, "you may load an address beyond this machine")
	fl.BoolVar(&f.verbose, "verbose", false, "show what the target prints")
	pf.add(fl)
	cmd.AddCommand(newBenchSink(), newBenchRelay())
	return cmd
}

// planFlag is a key of the plan as a flag.
type planFlag struct {
	// key of the plan or its session, and the flag's name where it is not the key's.
	key, name string
	usage     string
}

// planFlags are the keys of a plan, in the order of the help.
func planFlags() []planFlag {
	return []planFlag{
		{"addr", "", "HOST:PORT to load"},
		{"target", "", "target to start and load, with a variant behind a slash (see mailtls list targets)"},
		{"peer", "", "peer of ours to load, in this process (see mailtls list peers)"},
		{"server_name", "", "name to ask for in TLS (default: the host of the address)"},
		{"domain", "", "domain of the recipients"},
		{"rate", "", "sessions that begin in a second, such as 200/s"},
		{"workers", "", "workers that do one session after the other"},
		{"ramp", "", "rate that goes evenly from one to another, such as 10/s..400/s"},
		{"steps", "", "rates that are kept for a while, such as 50/s:10s,100/s:10s"},
		{"find_max", "", "look for the highest rate that keeps the thresholds, such as 50/s..2000/s"},
		{"poisson", "", "draw the gaps between sessions rather than have them even"},
		{"duration", "", "how long to measure, such as 30s; with --find-max each rate"},
		{"count", "", "how many sessions to measure"},
		{"warmup", "", "how long to go before measuring"},
		{"in_flight", "", "most sessions open at once (default 1000)"},
		{"timeout", "", "how long a session may take (default 10s)"},
		{"sources", "source", "addresses to connect from in turn, joined by commas"},
		{"close", "", "how sessions end: quit (the server closes) or reset"},
		{"seed", "", "seed of what is drawn"},
		{"shard", "", "part of the plan to do, such as 0/4"},
		{"thresholds", "threshold", "what must be kept, such as 'p99<50ms,handshake.p99<20ms,errors<0.1%,rate>=200/s'"},
		{"name", "", "name of the plan"},
	}
}

// sessionFlags are the keys of its session.
func sessionFlags() []planFlag {
	return []planFlag{
		{"kind", "", "plain, starttls (default), implicit, starttls-resumed or fallback"},
		{"protocol", "", "smtp (default), lmtp, imap or pop3; the last two log in nobody"},
		{"size", "", "send a message of so many bytes"},
		{"recipients", "", "recipients of the message (default 1)"},
		{"pipelining", "", "send MAIL, RCPT and DATA in one go"},
		{"tls", "", "the only TLS version to offer: 1.0, 1.1, 1.2 or 1.3"},
		{"group", "", "the only key exchange group to offer: X25519, P-256, P-384 or X25519MLKEM768"},
		{"suite", "", "the only cipher suite to offer, of TLS 1.2 or below"},
		{"verify", "", "what to make of the certificate: none (default), chain (remembering good ones) or every"},
		{"hold", "", "how long to keep each connection open and idle"},
		{"think", "", "how long a worker waits before its next session"},
	}
}

// flag is the flag's name.
func (f planFlag) flag() string {
	if f.name != "" {
		return f.name
	}
	return strings.ReplaceAll(f.key, "_", "-")
}

// addPlanFlags adds a flag for each key. Their values are read when the plan is
// there.
func addPlanFlags(fl *pflag.FlagSet) {
	for _, f := range slices.Concat(sessionFlags(), planFlags()) {
		fl.String(f.flag(), "", f.usage)
		if f.key == "poisson" || f.key == "pipelining" {
			fl.Lookup(f.flag()).NoOptDefVal = "true"
		}
	}
}

// instead lists keys of which a plan has one: a flag takes the place of all.
func instead() [][]string {
	return [][]string{{"addr", "target", "peer"}, {"rate", "workers", "ramp", "steps", "find_max"}, {"duration", "count"}}
}

// readPlan makes the plan of the file and the flags, and checks it.
func (f benchFlags) readPlan(fl *pflag.FlagSet) (results.Plan, error) {
	p, err := f.draftPlan(fl)
	if err != nil {
		return p, err
	}
	return p, checkPlan(p)
}

// draftPlan makes the plan of the file and the flags.
func (f benchFlags) draftPlan(fl *pflag.FlagSet) (results.Plan, error) {
	var p results.Plan
	if f.plan != "" {
		var err error
		if p, err = findPlan(f.plan); err != nil {
			return p, err
		}
	}
	for _, flag := range planFlags() {
		if fl.Changed(flag.flag()) {
			replace(&p, flag.key)
		}
	}
	if err := setFlags(fl, planFlags(), p.Set); err != nil {
		return p, err
	}
	if len(p.Sessions) == 0 {
		p.Sessions = []results.SessionPlan{{}}
	}
	for _, flag := range sessionFlags() {
		if fl.Changed(flag.flag()) && len(p.Sessions) > 1 {
			return p, fmt.Errorf("read --%s: the plan has %d kinds of session: change it there", flag.flag(), len(p.Sessions))
		}
	}
	return p, setFlags(fl, sessionFlags(), p.Sessions[0].Set)
}

// findPlan reads a plan that ships, or the one in a file: a name with a dot or a
// slash in it is a path.
func findPlan(name string) (results.Plan, error) {
	if !strings.ContainsAny(name, "./") {
		return bench.Plan(name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return results.Plan{}, fmt.Errorf("read plan: %w", err)
	}
	return results.ReadPlan(name, data)
}

// replace clears what a key takes the place of.
func replace(p *results.Plan, key string) {
	for _, group := range instead() {
		if !slices.Contains(group, key) {
			continue
		}
		switch group[0] {
		case "addr":
			p.Addr, p.Target, p.Peer = "", "", ""
		case "rate":
			p.Rate, p.Workers, p.Ramp, p.Steps, p.FindMax = 0, 0, results.Ramp{}, nil, results.Ramp{}
		default:
			p.Duration, p.Count = 0, 0
		}
	}
}

// setFlags reads the values of the flags that were given.
func setFlags(fl *pflag.FlagSet, flags []planFlag, set func(key, text string) error) error {
	for _, f := range flags {
		if !fl.Changed(f.flag()) {
			continue
		}
		text, err := fl.GetString(f.flag())
		if err == nil {
			err = set(f.key, text)
		}
		if err != nil {
			return fmt.Errorf("read --%s: %w", f.flag(), err)
		}
	}
	return nil
}

// checkPlan says what is wrong with a plan in the terms of the flags.
func checkPlan(p results.Plan) error {
	var all []error
	for _, f := range p.Filled().Check() {
		all = append(all, fmt.Errorf("read plan: %w", f))
	}
	return errors.Join(all...)
}

// runFolder is where a run goes that was given no folder.
func runFolder(kind string) string {
	return filepath.Join("results", "runs", time.Now().Format("20060102-150405")+"-"+kind)
}

// options are what is asked for besides the plan.
func (f benchFlags) options(cmd *cobra.Command) (harness.LoadOptions, error) {
	o := harness.LoadOptions{Out: f.out, Authorized: f.authorized, Tool: tool()}
	if f.roots != "" {
		pem, err := os.ReadFile(f.roots)
		if err != nil {
			return o, fmt.Errorf("read roots: %w", err)
		}
		if o.Roots = x509.NewCertPool(); !o.Roots.AppendCertsFromPEM(pem) {
			return o, fmt.Errorf("read roots %s: no certificate in PEM", f.roots)
		}
	}
	if f.verbose {
		o.Log = cmd.ErrOrStderr()
	}
	return o, nil
}

// benchmark executes the plan.
func benchmark(cmd *cobra.Command, f benchFlags) error {
	p, err := f.readPlan(cmd.Flags())
	if err != nil {
		return err
	}
	o, err := f.options(cmd)
	if err != nil {
		return err
	}
	o.Plan = p
	if o.Out == "" {
		o.Out = runFolder("bench")
	}
	meter := newLoadMeter(cmd.ErrOrStderr(), p)
	o.Progress, o.Try = meter.show, meter.try
	run, err := harness.Load(cmd.Context(), o)
	meter.done()
	switch {
	case run != nil && err == nil:
		printRun(cmd.OutOrStdout(), run, o.Out)
		return exit(results.RunExitCode(run))
	case err == nil, cmd.Context().Err() != nil && errors.Is(err, context.Canceled):
		return context.Canceled
	}
	return err
}
