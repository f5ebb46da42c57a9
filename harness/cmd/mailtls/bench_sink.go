package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mailtls/bench"
	"mailtls/harness"
	"mailtls/results"
)

// sinkFlags are what the user asked of a sink.
type sinkFlags struct {
	listen, peer, out, delay, delayAt, duration string
	seed                                        uint64
	open, verbose                               bool
	send                                        harness.SendOptions
}

// What a target gets that is given mail to send.
const (
	defaultWait = 30 * time.Second
	defaultSize = 1024 // bytes of a message
)

func newBenchSink() *cobra.Command {
	var f sinkFlags
	cmd := &cobra.Command{
		Use:   "sink --listen ADDRESS:PORT | --target NAME[/VARIANT]",
		Short: "Take mail as fast as possible, discard it, and measure who sends",
		Long: "sink plays a peer of ours for many senders at once, and counts and times what they do. With --target it starts one that\n" +
			"sends, gives it messages, and is where its mail goes.\n\n" +
			"A delay is put at a point of each session: before the greeting, before the reply to STARTTLS, or before the reply to\n" +
			"the content of a message. What was really waited is in delays.csv, in nanoseconds of the monotonic clock.\n\n" +
			"It ends after --duration, when the target has sent everything, or at an interrupt; sessions under way may go on for 3 s.\n\n" +
			"Exit codes: 0 it was measured, 1 messages were lost or not taken by the target, 2 it could not run or nothing came, 3\n" +
			"the figures are not the sender's because the sink did not keep up or others used the machine, 130 interrupted.",
		Example: "  mailtls bench sink --listen 127.0.0.1:2525 --peer tls12-required --duration 30s\n" +
			"  mailtls bench sink --listen 127.0.0.1:2525 --delay lognormal:10ms,0.5 --delay-at content\n" +
			"  mailtls bench sink --target postfix --messages 1000 --policy encrypt",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runSink(cmd, f) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&f.listen, "listen", "", "address to listen on; port 0 takes a free one")
	fl.StringVar(&f.peer, "peer", "opportunistic", "peer to play: its TLS parameters, what it lists, and its gates (see mailtls list peers)")
	addDelayFlags(fl, &f)
	fl.StringVar(&f.duration, "duration", "", "when to end, such as 30s (default: at an interrupt)")
	fl.BoolVar(&f.open, "open", false, "listen where others can reach it")
	addThroughFlags(fl, &f.send.Through)
	fl.IntVar(&f.send.Messages, "messages", 1000, "with --target: how many messages it is given")
	fl.IntVar(&f.send.Workers, "workers", 8, "with --target: how many are handed over at once")
	fl.IntVar(&f.send.Size, "size", defaultSize, "with --target: bytes of a message")
	fl.StringVar(&f.out, "out", "", "folder for what was measured (default results/runs/<time>-sink)")
	fl.BoolVar(&f.verbose, "verbose", false, "show what the target prints")
	cmd.MarkFlagsOneRequired("listen", "target")
	cmd.MarkFlagsMutuallyExclusive("listen", "target")
	cmd.MarkFlagsMutuallyExclusive("duration", "target")
	return cmd
}

// addDelayFlags adds what a sink delays.
func addDelayFlags(fl *pflag.FlagSet, f *sinkFlags) {
	fl.StringVar(&f.delay, "delay", "", "delay of each session: "+strings.Join(results.DelaySamples(), ", "))
	fl.StringVar(&f.delayAt, "delay-at", "", "where it is put: greeting (default), starttls or content")
	fl.Uint64Var(&f.seed, "seed", 0, "seed of the delays")
}

// addThroughFlags adds which target sends, and how.
func addThroughFlags(fl *pflag.FlagSet, t *harness.Through) {
	fl.StringVar(&t.Target, "target", "", "target that sends, with a variant behind a slash (default: its first that sends; see mailtls list targets)")
	fl.StringVar(&t.Policy, "policy", "", "policy that the target sends under (default: the first that is opportunistic)")
	fl.DurationVar(&t.Wait, "wait", defaultWait, "how long messages are awaited once the last one was handed over")
}

// plan makes the sink's plan of the flags.
func (f sinkFlags) plan() (results.SinkPlan, error) {
	p := results.SinkPlan{Listen: f.listen, Peer: f.peer, Seed: f.seed}
	if f.delay != "" {
		if err := p.Delay.UnmarshalText([]byte(f.delay)); err != nil {
			return p, fmt.Errorf("read --delay: %w", err)
		}
		p.DelayAt = results.DelayGreeting
	}
	if f.delayAt != "" {
		if f.delay == "" {
			return p, errors.New("read --delay-at: it says where --delay is put: give that")
		}
		if err := p.DelayAt.UnmarshalText([]byte(f.delayAt)); err != nil {
			return p, fmt.Errorf("read --delay-at: %w", err)
		}
	}
	if f.duration != "" {
		if err := p.Duration.UnmarshalText([]byte(f.duration)); err != nil {
			return p, fmt.Errorf("read --duration: %w", err)
		}
		if p.Duration == 0 {
			return p, errors.New("read --duration: 0s is no time at all")
		}
	}
	return p, nil
}

// check says what flags do not go together, and which values make no sense.
func (f sinkFlags) check(fl *pflag.FlagSet) error {
	for _, name := range []string{"messages", "workers", "size", "policy", "wait", "verbose"} {
		if f.send.Target == "" && fl.Changed(name) {
			return fmt.Errorf("read --%s: it is of a target: give --target", name)
		}
	}
	const most = 10_000_000
	switch {
	case f.send.Messages < 1 || f.send.Messages > most:
		return fmt.Errorf("read --messages: %d is not between 1 and %d", f.send.Messages, most)
	case f.send.Workers < 1 || f.send.Workers > most:
		return fmt.Errorf("read --workers: %d is not between 1 and %d", f.send.Workers, most)
	case f.send.Size < 1:
		return fmt.Errorf("read --size: %d is below 1", f.send.Size)
	case f.send.Wait < 0:
		return fmt.Errorf("read --wait: %s is below 0", f.send.Wait)
	}
	return nil
}

// runSink plays the sink.
func runSink(cmd *cobra.Command, f sinkFlags) error {
	if err := f.check(cmd.Flags()); err != nil {
		return err
	}
	plan, err := f.plan()
	if err != nil {
		return err
	}
	meter := newSinkMeter(cmd.ErrOrStderr())
	o := harness.SinkOptions{Plan: plan, Out: f.out, Open: f.open, Tool: tool(), Progress: meter.show}
	o.Ready = func(at string) { say(cmd.ErrOrStderr(), "sink: %s sends to %s\n", at, plan.Peer) }
	if o.Out == "" {
		o.Out = runFolder("sink")
	}
	var run *results.SinkRun
	if f.send.Target == "" {
		o.Ready = func(at string) { say(cmd.ErrOrStderr(), "sink: %s listens on %s\n", plan.Peer, at) }
		run, err = harness.Sink(cmd.Context(), o)
	} else {
		if f.verbose {
			f.send.Log = cmd.ErrOrStderr()
		}
		meter.messages = int64(f.send.Messages)
		run, err = harness.SinkFrom(cmd.Context(), o, f.send)
	}
	meter.done()
	switch {
	case run != nil && err == nil:
		printSink(cmd.OutOrStdout(), run, o.Out)
		return exit(results.SinkExitCode(run))
	case err == nil:
		return context.Canceled
	}
	return err
}

// sinkMeter shows how far a sink has come.
type sinkMeter struct {
	ticker
	messages int64 // that are to come; 0 where that is not known
}

func newSinkMeter(w io.Writer) *sinkMeter { return &sinkMeter{ticker: newTicker(w, "sink")} }

// show shows a second.
func (m *sinkMeter) show(at bench.SinkProgress) {
	whole, done := int64(-1), int64(at.Elapsed/time.Millisecond)
	switch {
	case m.messages > 0:
		whole, done = m.messages, at.Messages
	case at.Length > 0:
		whole = int64(at.Length / time.Millisecond)
	}
	m.tick(at.Elapsed, sinkLine(at), done, whole)
}

// sinkLine says how the last second went.
func sinkLine(at bench.SinkProgress) string {
	i := at.Interval
	perSecond := func(n int64) float64 {
		if i.Length <= 0 {
			return 0
		}
		return float64(n) / i.Length
	}
	return fmt.Sprintf("%.0f sessions/s, %.0f handshakes/s, %.0f messages/s, %d open, handshake p99 %s, message p99 %s, %d of %d sessions failed, %d messages",
		perSecond(i.Sessions), perSecond(i.Handshakes), perSecond(i.Messages), i.Open, inTime(i.HandshakeP99), inTime(i.MessageP99), at.Failed, at.Sessions, at.Messages)
}

// printSink shows what a person wants to know first.
func printSink(w io.Writer, r *results.SinkRun, dir string) {
	t := table(w)
	say(t, "what\tcount\tp50\tp90\tp99\tp99.9\tmax\n")
	for _, p := range results.SinkPhases() {
		summaryRow(t, string(p), r.Phases[p])
	}
	summaryRow(t, "delay", r.Delay)
	_ = t.Flush()
	say(w, "\n")
	t = table(w)
	say(t, "peer\t%s on %s\n", r.Plan.Peer, r.Plan.Listen)
	say(t, "sessions\t%d accepted, %d completed, %d failed%s\n", r.Sessions, r.Completed, r.Failures(), classes(r.Failed))
	say(t, "messages\t%d for %d recipients, %d bytes\n", r.Messages, r.Recipients, r.Bytes)
	say(t, "handshakes\t%d, %d resumed\n", r.Handshakes, r.Resumed)
	say(t, "rate\t%.1f sessions/s, %.1f handshakes/s, %.1f messages/s in %.1f s\n", r.Rate.Sessions, r.Rate.Handshakes, r.Rate.Messages, r.Elapsed)
	if s := r.Sent; s != nil {
		say(t, "target\t%s took %d messages under policy %s, %d were lost%s\n", s.Target, s.Messages, s.Policy, s.Lost, notTaken(s))
		if s.CPU > 0 {
			say(t, "CPU a message\t%s of the target, which used %.0f %% of a CPU\n", inTime(s.CPU), 100*s.CPUShare)
		}
	}
	say(t, "sink\t%s\n", strings.ToUpper(string(r.Sink.Verdict)))
	for _, reason := range r.Sink.Reasons {
		say(t, "\t%s\n", reason)
	}
	say(t, "CPU a session\t%s of this process\n", inTime(r.Sink.CPU))
	say(t, "run\t%s\n", filepath.Join(dir, harness.SinkFile))
	_ = t.Flush()
}

// notTaken says which messages the target did not take.
func notTaken(s *results.SinkSent) string {
	if len(s.Failed) == 0 {
		return ""
	}
	return ", submissions failed" + classes(s.Failed)
}
