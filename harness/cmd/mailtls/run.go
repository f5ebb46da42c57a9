package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mailtls/harness"
	"mailtls/harness/targets"
	"mailtls/results"
)

// runFlags are what the user asked for.
type runFlags struct {
	target, role, out, waivers, keylog string
	filter                             results.Filter
	authorized, intrusive, verbose     bool
	parallel, repeat                   int
	remote                             remoteFlags
}

func newRun() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run --target NAME[/VARIANT]",
		Short: "Play cases against a target and judge what was seen",
		Example: "  mailtls run --target reference\n  mailtls run --target postfix/tls12-required --role receiver\n" +
			"  mailtls run --target reference --case 'injection/*'\n" +
			"  mailtls run --target postfix --role sender --policy encrypt\n" +
			"  mailtls run --target remote --role receiver --smtp 192.0.2.25:25 --claims mine.yaml --authorized",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd, f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.target, "target", "", "target, or a folder with a target.yaml; with a variant behind a slash (see mailtls list targets)")
	fl.StringVar(&f.role, "role", "", "roles to play, joined by commas (default: every role that the target claims)")
	fl.StringVar(&f.filter.Case, "case", "", "play the cases whose id, area or row matches this glob")
	fl.StringVar(&f.filter.Label, "filter", "", "play the cases whose labels match, in Ginkgo's grammar: 'level:must && !area:version'")
	fl.StringVar(&f.filter.Policy, "policy", "", "role sender: play under this policy only (default: every policy that the target claims)")
	fl.StringVar(&f.out, "out", "", "folder for the report (default results/runs/<time>-<target>)")
	fl.StringVar(&f.waivers, "waivers", "", "file of failures that are expected")
	fl.StringVar(&f.keylog, "keylog", "", "append the TLS secrets of our peers to this file, in NSS format, for Wireshark")
	fl.IntVar(&f.parallel, "parallel", harness.DefaultParallel, "cases played at once")
	fl.IntVar(&f.repeat, "repeat", 1, "run that often, and name the cases whose verdict changes")
	fl.BoolVar(&f.verbose, "verbose", false, "show what the target prints")
	fl.BoolVar(&f.authorized, "authorized", false, "you may test an address beyond this machine and private networks")
	fl.BoolVar(&f.intrusive, "intrusive", false, "with --authorized: also play the cases that burden or abuse the target")
	f.remote.add(fl)
	_ = cmd.MarkFlagRequired("target")
	return cmd
}

func run(cmd *cobra.Command, f runFlags) error {
	o, err := f.options()
	if err != nil {
		return err
	}
	if f.repeat < 1 || f.parallel < 1 {
		return fmt.Errorf("read flags: --repeat and --parallel are 1 or more")
	}
	if f.keylog != "" {
		log, err := os.OpenFile(f.keylog, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("open key log: %w", err)
		}
		defer func() { _ = log.Close() }()
		o.KeyLog = &lockedWriter{w: log}
	}
	if f.verbose {
		o.Log = cmd.ErrOrStderr()
	}
	reports, dirs, err := repeat(cmd, o, f.repeat)
	if len(reports) == 0 {
		return err
	}
	finishErr := finish(cmd, reports, dirs)
	if err != nil && cmd.Context().Err() == nil {
		return err
	}
	return finishErr
}

// repeat runs as often as asked for, and returns the reports with their folders;
// an interrupted run is the last one. The error is that of a run that left no
// report.
func repeat(cmd *cobra.Command, o harness.Options, times int) ([]*results.Report, []string, error) {
	var reports []*results.Report
	var dirs []string
	base := o.Out
	for n := range times {
		if times > 1 {
			o.Out = filepath.Join(base, fmt.Sprintf("run-%d", n+1))
			say(cmd.ErrOrStderr(), "run %d of %d\n", n+1, times)
		}
		r, err := runOnce(cmd.Context(), cmd.ErrOrStderr(), o)
		if r != nil {
			reports, dirs = append(reports, r), append(dirs, o.Out)
		}
		if err != nil {
			return reports, dirs, err
		}
	}
	return reports, dirs, nil
}

// runOnce runs and shows the progress.
func runOnce(ctx context.Context, screen io.Writer, o harness.Options) (*results.Report, error) {
	meter := newProgress(screen, o.Target.Spec().Name)
	o.Progress = meter.show
	r, err := harness.Run(ctx, o)
	meter.done()
	return r, err
}

// finish prints what a person needs of the worst run, and gives the exit code.
// An interrupted run is not compared with the others.
func finish(cmd *cobra.Command, reports []*results.Report, dirs []string) error {
	interrupted := cmd.Context().Err() != nil
	out := cmd.OutOrStdout()
	worst := 0
	for i, r := range reports {
		if results.ExitCode(r, false) > results.ExitCode(reports[worst], false) {
			worst = i
		}
	}
	code := results.ExitCode(reports[worst], interrupted)
	printTable(out, reports[worst], dirs[worst])
	if interrupted {
		reports = reports[:len(reports)-1]
	}
	if changed := changing(reports); len(changed) > 0 {
		say(out, "\nverdicts that changed between the %d runs:\n", len(reports))
		for _, line := range changed {
			say(out, "  %s\n", line)
		}
		code = max(code, exitFault)
	} else if len(reports) > 1 {
		say(out, "\nthe same verdicts in all %d runs\n", len(reports))
	}
	return exit(code)
}

// conclusion is a case's status, with what became of the message where it is about
// one.
func conclusion(c results.CaseResult) string {
	if c.Fate == nil {
		return string(c.Status)
	}
	return string(c.Status) + " " + string(c.Fate.Code)
}

// changing lists the cases whose conclusion was not the same in every run.
func changing(reports []*results.Report) []string {
	var keys []string
	seen := map[string][]string{}
	for _, r := range reports {
		for _, c := range r.Cases {
			if seen[c.Key()] == nil {
				keys = append(keys, c.Key())
			}
			seen[c.Key()] = append(seen[c.Key()], conclusion(c))
		}
	}
	var changed []string
	for _, k := range keys {
		if len(slices.Compact(slices.Clone(seen[k]))) > 1 {
			changed = append(changed, k+": "+strings.Join(seen[k], ", "))
		}
	}
	return changed
}

// options turns the flags into options.
func (f runFlags) options() (harness.Options, error) {
	name, variant := targets.Split(f.target)
	target, err := f.find(name)
	if err != nil {
		return harness.Options{}, err
	}
	roles, err := parseRoles(f.role)
	if err != nil {
		return harness.Options{}, err
	}
	o := harness.Options{
		Target: target, Variant: variant, Roles: roles, Filter: f.filter, Out: f.out,
		Parallel: f.parallel, Tool: tool(),
	}
	if remote, ok := target.(*targets.Remote); ok {
		o.NoIntrusive = remote.Beyond() && !f.intrusive
	}
	if f.waivers != "" {
		data, err := os.ReadFile(f.waivers)
		if err != nil {
			return harness.Options{}, fmt.Errorf("read waivers: %w", err)
		}
		if o.Waivers, err = targets.ReadWaivers(f.waivers, data); err != nil {
			return harness.Options{}, err
		}
	}
	if o.Out == "" {
		stamp := time.Now().Format("20060102-150405")
		o.Out = filepath.Join("results", "runs", stamp+"-"+strings.NewReplacer("/", "-", ".", "").Replace(f.target))
	}
	return o, nil
}

// find looks a target up: the remote one is made of flags.
func (f runFlags) find(name string) (targets.Target, error) {
	if name == "remote" {
		return f.remote.target(f.authorized)
	}
	if f.remote.given() {
		return nil, errors.New("read flags: --smtp, --submission, --smtps, --lmtp, --collector, --readback and --claims go with --target remote")
	}
	return targets.Find(name)
}

// parseRoles reads a list of roles; "" is every role.
func parseRoles(s string) ([]results.Role, error) {
	if s == "" {
		return nil, nil
	}
	var roles []results.Role
	for _, word := range strings.Split(s, ",") {
		r := results.Role(strings.TrimSpace(word))
		if !slices.Contains(results.Roles(), r) {
			return nil, fmt.Errorf("read role %q: there are %v", word, results.Roles())
		}
		roles = append(roles, r)
	}
	return roles, nil
}
