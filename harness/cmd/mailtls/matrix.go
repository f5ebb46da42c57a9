package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"mailtls/harness"
	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/scenarios"
)

// matrixFormats are the formats that a matrix is written in, with the ends of
// their files' names.
var matrixFormats = []struct{ name, ext string }{{"text", "txt"}, {"markdown", "md"}, {"json", "json"}, {"csv", "csv"}}

// matrixFlags are what the user asked for.
type matrixFlags struct {
	targets, from       []string
	policy, format, out string
	verbose             bool
}

func newMatrix() *cobra.Command {
	var f matrixFlags
	var models modelFlags
	cmd := &cobra.Command{
		Use:   "matrix --target NAME[/VARIANT]... | --models",
		Short: "Show what becomes of a message, by policy and receiving peer",
		Long: "Matrix puts a sender before each peer under each of its policies, and shows what\n" +
			"becomes of a message, targets side by side. With --from it shows runs that are\n" +
			"stored. It ends with 0 when every cell is known and nothing was let out that a\n" +
			"policy forbids, with 1 when something was, and with 2 when a cell is undecided.",
		Example: "  mailtls matrix --target postfix --target exim\n  mailtls matrix --target reference --format markdown\n" +
			"  mailtls matrix --from results/runs/20261124-203000-postfix --format csv\n" +
			"  mailtls matrix --models\n  mailtls matrix --models --explain exchange-online tls10-only",
		Args: models.arguments,
		RunE: func(cmd *cobra.Command, args []string) error {
			if models.format, models.out = f.format, f.out; models.models {
				return modelMatrix(cmd, models, args)
			}
			return matrix(cmd, f)
		},
	}
	models.add(cmd)
	fl := cmd.Flags()
	fl.StringArrayVar(&f.targets, "target", nil, "a sending target, with a variant behind a slash; may be repeated")
	fl.StringArrayVar(&f.from, "from", nil, "folder of a stored run, which is shown as it stands; may be repeated")
	fl.StringVar(&f.policy, "policy", "", "play under this policy only (default: every policy that the target claims)")
	fl.StringVar(&f.format, "format", "text", "text, markdown, json or csv")
	fl.StringVar(&f.out, "out", "", "folder for the runs and the matrix in every format (default results/runs/<time>-matrix)")
	fl.BoolVar(&f.verbose, "verbose", false, "show what the targets print")
	for _, flag := range []string{"target", "from", "policy"} {
		cmd.MarkFlagsMutuallyExclusive("models", flag)
	}
	return cmd
}

func matrix(cmd *cobra.Command, f matrixFlags) error {
	if len(f.targets)+len(f.from) == 0 {
		return errors.New("read flags: --target NAME or --from DIR, at least one")
	}
	if !slices.ContainsFunc(matrixFormats, func(m struct{ name, ext string }) bool { return m.name == f.format }) {
		return fmt.Errorf("read --format %q: text, markdown, json or csv", f.format)
	}
	var reports []*results.Report
	for _, dir := range f.from {
		r, err := harness.ReadReport(dir)
		if err != nil {
			return err
		}
		reports = append(reports, r)
	}
	played, runErr := f.play(cmd)
	reports = append(reports, played...)
	if len(reports) == 0 {
		return runErr
	}
	m := results.NewMatrix(reports...)
	if err := f.store(m); err != nil {
		return err
	}
	if err := results.WriteMatrix(cmd.OutOrStdout(), m, f.format); err != nil {
		return err
	}
	if f.out != "" {
		say(cmd.ErrOrStderr(), "runs and matrix: %s\n", f.out)
	}
	if runErr != nil {
		return runErr
	}
	return exit(m.ExitCode())
}

// play runs the targets, those with a root of their own at once, and returns the
// reports in the order of the flags. With the error of one target come the
// reports of the others.
func (f *matrixFlags) play(cmd *cobra.Command) ([]*results.Report, error) {
	if len(f.targets) == 0 {
		return nil, nil
	}
	if f.out == "" {
		f.out = filepath.Join("results", "runs", time.Now().Format("20060102-150405")+"-matrix")
	}
	screen, log := cmd.ErrOrStderr(), io.Discard
	if len(f.targets) > 1 {
		screen = &lockedWriter{w: screen}
	}
	if f.verbose {
		log = screen
	}
	options := make([]harness.Options, len(f.targets))
	for i, name := range f.targets {
		var err error
		if options[i], err = f.options(name, i); err != nil {
			return nil, err
		}
		options[i].Log = log
	}
	reports := make([]*results.Report, len(options))
	failed := make([]error, len(options))
	var roots sync.Map
	var group errgroup.Group
	for i, o := range options {
		group.Go(func() error {
			root, _ := roots.LoadOrStore(o.Target.Spec().Name, &sync.Mutex{})
			root.(*sync.Mutex).Lock()
			defer root.(*sync.Mutex).Unlock()
			reports[i], failed[i] = runOnce(cmd.Context(), screen, o)
			return nil
		})
	}
	_ = group.Wait() // each error is kept in its place
	return slices.DeleteFunc(reports, func(r *results.Report) bool { return r == nil }), errors.Join(failed...)
}

// options are those of the n-th target's run.
func (f *matrixFlags) options(name string, n int) (harness.Options, error) {
	base, variant := targets.Split(name)
	target, err := targets.Find(base)
	if err != nil {
		return harness.Options{}, err
	}
	dir := strings.NewReplacer("/", "-", ".", "").Replace(name)
	if slices.Index(f.targets, name) != n {
		dir += fmt.Sprintf("-%d", n+1)
	}
	return harness.Options{
		Target: target, Variant: variant, Roles: []results.Role{results.RoleSender}, Tool: tool(),
		Filter: results.Filter{Label: scenarios.LabelCell, Policy: f.policy}, Out: filepath.Join(f.out, dir),
	}, nil
}

// store writes the matrix in every format beside the runs.
func (f *matrixFlags) store(m results.Matrix) error {
	if f.out == "" {
		return nil
	}
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return fmt.Errorf("store matrix: %w", err)
	}
	for _, format := range matrixFormats {
		var b strings.Builder
		if err := results.WriteMatrix(&b, m, format.name); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(f.out, "matrix."+format.ext), []byte(b.String()), 0o644); err != nil {
			return fmt.Errorf("store matrix: %w", err)
		}
	}
	return nil
}
