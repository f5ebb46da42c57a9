package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mailtls/harness"
	"mailtls/results"
	"mailtls/results/comparison"
)

// compareFlags are what the user asked for.
type compareFlags struct {
	format  string
	effects []string
	allow   []string
}

func newCompare() *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare BASE NOW",
		Short: "Say what changed between load runs, between verdicts, or between Go benchmarks",
		Long: "compare reads the load runs and the reports in two files or folders, and in the folders below them, and says metric by\n" +
			"metric what changed, and which cases have another verdict. A difference counts when p < 0.01 after all metrics were\n" +
			"corrected for together, and its whole confidence interval lies beyond the smallest effect worth telling of. Several\n" +
			"runs on each side are needed: seven, or as many as bring \"found from\" down to what you want to find.\n\n" +
			"Runs that differ in machine, Go, peer, plan or what was negotiated are not compared, nor are those whose generator did\n" +
			"not keep up or whose host was noisy.\n\n" +
			"BASE and NOW may be files in Go's benchmark format too: what go test -bench printed, with -count 10 or so, or run.bench\n" +
			"of several runs in one file. They are compared by benchmark and unit; memory exactly, where it does not vary.\n\n" +
			"Exit codes: 0 nothing became worse, 1 something did, 2 it cannot be told, or not be compared.",
		Example: "  mailtls compare last-week this-week\n  mailtls compare results/runs/a-postfix results/runs/b-postfix --format markdown\n" +
			"  mailtls compare go1.25 go1.26 --allow go --min-effect target-cpu=5%\n  mailtls compare old.txt new.txt --min-effect sec/op=5%",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return compare(cmd, args[0], args[1], f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.format, "format", "text", "text, markdown or json")
	addMinEffect(fl, &f.effects)
	fl.StringSliceVar(&f.allow, "allow", nil, "what the runs may differ in: machine, go, peer, connection, plan")
	return cmd
}

// addMinEffect adds the flag.
func addMinEffect(fl *pflag.FlagSet, effects *[]string) {
	fl.StringArrayVar(effects, "min-effect", nil, "smallest effect of a metric that counts, or of a benchmark's unit, such as target-cpu=3% or sec/op=3%; may be repeated (default 2% of CPU)")
}

// options reads the flags.
func (f compareFlags) options() (comparison.Options, error) {
	o := comparison.Options{MinEffects: map[string]float64{}}
	for _, text := range f.effects {
		name, percent, _ := strings.Cut(text, "=")
		number, isPercent := strings.CutSuffix(percent, "%")
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !isPercent {
			return o, fmt.Errorf("read --min-effect %q: want METRIC=PERCENT such as target-cpu=3%%", text)
		}
		o.MinEffects[name] = n / 100
	}
	for _, text := range f.allow {
		var a results.Aspect
		if err := a.UnmarshalText([]byte(text)); err != nil {
			return o, fmt.Errorf("read --allow: %w", err)
		}
		o.Allow = append(o.Allow, a)
	}
	return o, nil
}

func compare(cmd *cobra.Command, basePath, nowPath string, f compareFlags) error {
	o, err := f.options()
	if err != nil {
		return err
	}
	c, err := comparedFiles(basePath, nowPath, o)
	if err != nil {
		return err
	}
	if err := c.Write(cmd.OutOrStdout(), f.format); err != nil {
		return err
	}
	return exit(c.ExitCode())
}

// comparedFiles reads both sides: benchmarks of Go, or what runs have left.
func comparedFiles(basePath, nowPath string, o comparison.Options) (*comparison.Comparison, error) {
	baseMarks, err := harness.ReadBenchmarks(basePath)
	if err != nil {
		return nil, err
	}
	nowMarks, err := harness.ReadBenchmarks(nowPath)
	switch {
	case err != nil:
		return nil, err
	case baseMarks != nil && nowMarks != nil:
		m, err := comparison.Measurements(baseMarks, nowMarks, o)
		if err != nil {
			return nil, err
		}
		return comparison.NewOfBenchmarks(m), nil
	case baseMarks != nil || nowMarks != nil:
		return nil, fmt.Errorf("compare: one of %s and %s has benchmarks of Go, the other what runs have left: give two of a kind", basePath, nowPath)
	}
	base, err := harness.ReadStored(basePath)
	if err != nil {
		return nil, err
	}
	now, err := harness.ReadStored(nowPath)
	if err != nil {
		return nil, err
	}
	return compared(base, now, o)
}

// compared compares what both sides have.
func compared(base, now *harness.Stored, o comparison.Options) (*comparison.Comparison, error) {
	var load *comparison.Load
	var cases *comparison.Cases
	var err error
	if len(base.Runs) > 0 && len(now.Runs) > 0 {
		if load, err = comparison.Unpaired(base.Runs, now.Runs, o); err != nil {
			return nil, err
		}
	}
	if len(base.Reports) > 0 && len(now.Reports) > 0 {
		if cases, err = comparison.Verdicts(base.Reports, now.Reports); err != nil {
			return nil, err
		}
	}
	if load == nil && cases == nil {
		return nil, errors.New("compare: there are load runs on the one side and reports on the other")
	}
	return comparison.New(load, cases), nil
}
