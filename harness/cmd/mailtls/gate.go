package main

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"slices"

	"github.com/spf13/cobra"

	"mailtls/results"
	"mailtls/results/nightly"
)

func newGate() *cobra.Command {
	limits := nightly.DefaultLimits()
	var dir, format string
	cmd := &cobra.Command{
		Use:   "gate",
		Short: "Judge the newest night of a history against those before",
		Long: "gate holds each figure of the newest night against the nights since the last change, looks for changes for the worse that\n" +
			"began not long ago, and for cases that passed and do not now. It is the last step of a nightly job.\n\n" +
			"Exit codes: 0 nothing became worse, 1 something did, 2 there is nothing to hold it against, or a case is undecided that\n" +
			"passed, 3 no run of the night can be used because the generator did not keep up or others used the machine.",
		Example: "  mailtls gate\n  mailtls gate --history /srv/mailtls/history --format markdown",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limits.Stretch < 3 || limits.Fresh < 0 {
				return errors.New("read flags: --stretch is 3 or more, --fresh 0 or more")
			}
			c, err := readHistory(cmd.ErrOrStderr(), dir)
			if err != nil {
				return err
			}
			g := nightly.GateOf(c.Entries, limits)
			store := nightly.Open(dir)
			for _, target := range reported(c.Entries) {
				if err := g.AddCases(reportsOn(cmd.ErrOrStderr(), store, c.Entries, target), limits); err != nil {
					return err
				}
			}
			if err := g.Write(cmd.OutOrStdout(), format); err != nil {
				return err
			}
			return exit(g.ExitCode())
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&dir, "history", defaultHistory(), "folder of the history")
	fl.StringVar(&format, "format", "text", "text, markdown or json")
	fl.IntVar(&limits.Stretch, "stretch", limits.Stretch, "how many nights without a change are needed to judge one")
	fl.IntVar(&limits.Fresh, "fresh", limits.Fresh, "for how many nights a change for the worse keeps the gate shut")
	return cmd
}

// reported lists the targets that there are reports on.
func reported(entries []nightly.Entry) []string {
	var all []string
	for _, e := range entries {
		if e.Kind == nightly.KindReport && !slices.Contains(all, e.Subject) {
			all = append(all, e.Subject)
		}
	}
	return all
}

// reportsOn reads the reports on a target, the newest first. Damaged ones are told of
// and left out.
func reportsOn(errs io.Writer, store *nightly.Store, entries []nightly.Entry, target string) iter.Seq2[*results.Report, error] {
	return func(yield func(*results.Report, error) bool) {
		for _, e := range slices.Backward(entries) {
			if e.Kind != nightly.KindReport || e.Subject != target {
				continue
			}
			data, err := store.Document(e)
			var r *results.Report
			if err == nil {
				r, err = results.ReadReport(bytes.NewReader(data))
			}
			if err != nil {
				say(errs, "mailtls: %v\n", err)
				continue
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}
