package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mailtls/fakes"
	"mailtls/harness"
	"mailtls/harness/targets"
	"mailtls/results"
)

// pairedFlags are what the user asked for of measuring in pairs.
type pairedFlags struct {
	paired bool
	pairs  int
	compareFlags
}

// pairedOnly are the flags that need --paired.
var pairedOnly = []string{"pairs", "format", "min-effect"}

// add adds the flags.
func (f *pairedFlags) add(fl *pflag.FlagSet) {
	fl.BoolVar(&f.paired, "paired", false, "measure two in alternation and compare them: each is HOST:PORT, a target, a peer, or a YAML file with a plan")
	fl.IntVar(&f.pairs, "pairs", harness.DefaultPairs, "with --paired: how many pairs to measure")
	fl.StringVar(&f.format, "format", "text", "with --paired: text, markdown or json")
	addMinEffect(fl, &f.effects)
}

// args tells whether there are as many as the flags want.
func (f *pairedFlags) args(cmd *cobra.Command, args []string) error {
	if f.paired {
		if len(args) != 2 {
			return fmt.Errorf("measure in pairs: there are %d arguments: want the two that are compared", len(args))
		}
		return nil
	}
	for _, name := range pairedOnly {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("read --%s: it needs --paired", name)
		}
	}
	return cobra.NoArgs(cmd, args)
}

// side makes the plan of one side of a pair.
func (f benchFlags) side(fl *pflag.FlagSet, name string) (results.Plan, error) {
	isFile := strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
	if isFile {
		f.plan = name
	}
	p, err := f.draftPlan(fl)
	if err != nil || isFile {
		return p, err
	}
	replace(&p, "addr")
	base, _ := targets.Split(name)
	_, noTarget := targets.Find(base)
	_, noPeer := fakes.Receiver(name)
	switch {
	case noTarget == nil:
		p.Target = name
	case noPeer == nil:
		p.Peer = name
	case strings.Contains(name, ":"):
		p.Addr = name
	default:
		return p, fmt.Errorf("measure in pairs: %q is none of HOST:PORT, a target (see mailtls list targets), a peer (see mailtls list peers), and a plan's file (.yaml)", name)
	}
	return p, nil
}

// benchmarkPaired measures two in alternation.
func benchmarkPaired(cmd *cobra.Command, f benchFlags, pf pairedFlags, names []string) error {
	for _, name := range []string{"addr", "target", "peer"} {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("read --%s: with --paired the two that are compared are arguments", name)
		}
	}
	if !slices.Contains([]string{"text", "markdown", "json"}, pf.format) {
		return fmt.Errorf("read --format %q: text, markdown or json", pf.format)
	}
	load, err := f.options(cmd)
	if err != nil {
		return err
	}
	if load.Out == "" {
		load.Out = runFolder("paired")
	}
	o := harness.PairedOptions{LoadOptions: load, Pairs: pf.pairs}
	if o.Compare, err = pf.compareFlags.options(); err != nil {
		return err
	}
	if o.Base, err = f.side(cmd.Flags(), names[0]); err != nil {
		return err
	}
	if o.Now, err = f.side(cmd.Flags(), names[1]); err != nil {
		return err
	}
	meter, start := newTicker(cmd.ErrOrStderr(), "bench"), time.Now()
	o.Taken = func(pairs int) {
		meter.tick(time.Since(start), fmt.Sprintf("pair %d of %d", pairs, o.Pairs), int64(pairs), int64(o.Pairs))
	}
	c, err := harness.Paired(cmd.Context(), o)
	meter.done()
	if c != nil {
		if writeErr := c.Write(cmd.OutOrStdout(), pf.format); writeErr != nil {
			return errors.Join(err, writeErr)
		}
		say(cmd.ErrOrStderr(), "bench: pairs in %s\n", filepath.Clean(o.Out))
	}
	switch {
	case cmd.Context().Err() != nil && errors.Is(err, context.Canceled):
		return context.Canceled
	case err != nil:
		return err
	}
	return exit(c.ExitCode())
}
