package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mailtls/bench"
	"mailtls/harness"
	"mailtls/results"
	"mailtls/results/nightly"
)

func newHistory() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Keep load runs and verdicts night after night",
		Long: "history keeps load runs, reports and canaries in a folder, which several programs may add to at once. trend says since\n" +
			"when something is better or worse; see also mailtls gate.",
		Args: cobra.NoArgs, RunE: incomplete,
	}
	dir := cmd.PersistentFlags().String("history", defaultHistory(), "folder of the history")
	cmd.AddCommand(historyAdd(dir), historyList(dir), historyTrend(dir))
	return cmd
}

func defaultHistory() string { return filepath.Join("results", "history") }

func historyAdd(dir *string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "add [--canary] [PATH...]",
		Short: "Add runs, reports and a canary",
		Long: "add copies the load runs and reports in files or folders, and in the folders below them, into the history. What is there\n" +
			"already stays. With --canary it measures bare TLS handshakes for some seconds first, on the machine where the runs were\n" +
			"made, in the same night: a change that they share is then the machine's.",
		Example: "  mailtls history add --canary results/runs/20261124-020000-bench",
	}
	canary := cmd.Flags().Bool("canary", false, "measure bare handshakes on this machine and add them too")
	cmd.RunE = func(cmd *cobra.Command, paths []string) error {
		if len(paths) == 0 && !*canary {
			return errors.New("add to the history: give files or folders, or --canary")
		}
		stored, err := harness.ReadStored(paths...)
		if err != nil {
			return err
		}
		documents := stored.Documents
		if *canary {
			text, err := measureCanary(cmd)
			if err != nil {
				return err
			}
			documents = append(documents, text)
		}
		added, err := nightly.Open(*dir).Add(cmd.Context(), documents...)
		if err != nil {
			return err
		}
		for _, a := range added {
			what := "added"
			if a.Before {
				what = "there already"
			}
			say(cmd.OutOrStdout(), "%s: %s %s\n", what, a.Subject, a.ID)
			if a.Unsound != "" {
				say(cmd.ErrOrStderr(), "mailtls: %s is kept, and not used: %s\n", a.ID, a.Unsound)
			}
		}
		return nil
	}
	return cmd
}

// measureCanary measures and writes a canary.
func measureCanary(cmd *cobra.Command) ([]byte, error) {
	c, err := bench.Canary(cmd.Context(), tool(), bench.CanaryRounds, bench.CanaryRound)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = results.WriteCanary(&b, c)
	return b.Bytes(), err
}

func historyList(dir *string) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List what the history holds", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := readHistory(cmd.ErrOrStderr(), *dir)
			if err != nil {
				return err
			}
			say(cmd.OutOrStdout(), "%s", c.List())
			return nil
		},
	}
}

// readHistory reads a history and says what is wrong with its folder.
func readHistory(errs io.Writer, dir string) (*nightly.Contents, error) {
	c, err := nightly.Open(dir).Contents()
	if err != nil {
		return nil, err
	}
	for _, f := range c.Faults {
		say(errs, "mailtls: history: %s\n", filepath.Join(dir, f))
	}
	if len(c.Entries) == 0 {
		return nil, fmt.Errorf("read history: there is nothing in %s: add to it with mailtls history add", dir)
	}
	return c, nil
}

func historyTrend(dir *string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trend",
		Short: "Say since when something is better or worse",
		Long: "trend draws each figure of comparable runs night by night and finds where it changed: the first night of each change,\n" +
			"by how much, and whether bare handshakes on the machine changed as much. Equal histories give equal answers.",
		Example: "  mailtls history trend --metric target-cpu",
		Args:    cobra.NoArgs,
	}
	metric := cmd.Flags().String("metric", "", "only this metric: "+strings.Join(metricNames(), ", "))
	format := cmd.Flags().String("format", "text", "text, markdown or json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := knownMetric(*metric); err != nil {
			return err
		}
		c, err := readHistory(cmd.ErrOrStderr(), *dir)
		if err != nil {
			return err
		}
		return nightly.TrendOf(c.Entries, *metric).Write(cmd.OutOrStdout(), *format)
	}
	return cmd
}

func metricNames() []string {
	var names []string
	for _, m := range results.Metrics() {
		names = append(names, m.Name)
	}
	return names
}

func knownMetric(name string) error {
	for _, known := range append(metricNames(), "") {
		if name == known {
			return nil
		}
	}
	return fmt.Errorf("read --metric %q: there are %s", name, strings.Join(metricNames(), ", "))
}
