package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mailtls/harness"
	"mailtls/results"
)

// relayFlags are what the user asked for besides the keys of a plan.
type relayFlags struct {
	benchFlags
	sink    sinkFlags
	through harness.Through
}

func newBenchRelay() *cobra.Command {
	var f relayFlags
	cmd := &cobra.Command{
		Use:   "relay --target NAME[/VARIANT]",
		Short: "Load a mail server that passes mail on, and time messages from end to end",
		Long: "relay starts a target that sends, drives sessions with a message at it as bench does, and takes the mail behind it with a\n" +
			"sink (see mailtls bench sink). The phase relay is from when a session was due to the final dot of its message at the\n" +
			"sink; messages are told apart by their Message-ID. Accepted messages that do not arrive while they are awaited are lost.\n\n" +
			"Exit codes: as bench, and 1 where a message was lost.",
		Example: "  mailtls bench relay --target reference --rate 100/s --duration 10s --threshold 'relay.p99<100ms'\n" +
			"  mailtls bench relay --target postfix --policy encrypt --rate 20/s --duration 30s --size 4096",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return relay(cmd, f) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	addPlanFlags(fl)
	for _, name := range []string{"addr", "peer", "domain", "find-max", "recipients", "shard"} { // what a relay has none of
		_ = fl.MarkHidden(name) // the flag is there
	}
	fl.Lookup("kind").Usage = "plain (default), starttls, starttls-resumed or fallback"
	fl.Lookup("size").Usage = "send messages of so many bytes (default 1024)"
	fl.Lookup("target").Usage = "target that sends, with a variant behind a slash (default: its first that sends; see mailtls list targets)"
	fl.StringVar(&f.through.Policy, "policy", "", "policy that the target sends under (default: the first that is opportunistic)")
	fl.DurationVar(&f.through.Wait, "wait", defaultWait, "how long messages are awaited once the last one was handed over")
	fl.StringVar(&f.sink.peer, "to", "opportunistic", "peer to play behind the target (see mailtls list peers)")
	fl.StringVar(&f.sink.delay, "delay", "", "delay of that peer, such as exponential:10ms (see mailtls bench sink)")
	fl.StringVar(&f.sink.delayAt, "delay-at", "", "where it is put: greeting (default), starttls or content")
	fl.StringVar(&f.plan, "plan", "", "YAML file with a plan")
	fl.StringVar(&f.out, "out", "", "folder for the run (default results/runs/<time>-relay)")
	fl.BoolVar(&f.verbose, "verbose", false, "show what the target prints")
	return cmd
}

// fill gives the sessions of a relay's plan what those of bench do not have.
func (f relayFlags) fill(p *results.Plan, fl *pflag.FlagSet) error {
	switch {
	case p.Target == "":
		return errors.New("read plan: what goes through a relay needs a target: give --target")
	case p.Domain != "":
		return errors.New("read plan: the policy says the domain: give no domain")
	case f.through.Wait < 0:
		return fmt.Errorf("read --wait: %s is below 0", f.through.Wait)
	}
	if f.plan == "" {
		s := &p.Sessions[0]
		if !fl.Changed("kind") {
			s.Kind = results.KindPlain
		}
		if !fl.Changed("size") {
			s.Size = defaultSize
		}
	}
	return nil
}

// relay executes the plan.
func relay(cmd *cobra.Command, f relayFlags) error {
	p, err := f.draftPlan(cmd.Flags())
	if err != nil {
		return err
	}
	if err := f.fill(&p, cmd.Flags()); err != nil {
		return err
	}
	if err := checkPlan(p); err != nil {
		return err
	}
	f.sink.seed = p.Seed
	sink, err := f.sink.plan()
	if err != nil {
		return err
	}
	f.through.Target = p.Target
	o := harness.RelayOptions{
		LoadOptions: harness.LoadOptions{Plan: p, Out: f.out, Tool: tool()}, Through: f.through, Sink: harness.SinkOptions{Plan: sink},
	}
	if o.Out == "" {
		o.Out = runFolder("relay")
	}
	if f.verbose {
		o.Through.Log = cmd.ErrOrStderr()
	}
	meter := newLoadMeter(cmd.ErrOrStderr(), p)
	o.Progress = meter.show
	run, err := harness.Relay(cmd.Context(), o)
	meter.done()
	switch {
	case run != nil && err == nil:
		printRun(cmd.OutOrStdout(), run, o.Out)
		return exit(results.RunExitCode(run))
	case err == nil:
		return context.Canceled
	}
	return err
}
