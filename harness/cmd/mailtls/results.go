package main

import (
	"github.com/spf13/cobra"

	"mailtls/harness"
	"mailtls/results"
)

func newResults() *cobra.Command {
	cmd := &cobra.Command{Use: "results", Short: "Work on stored runs", Args: cobra.NoArgs, RunE: incomplete}
	cmd.AddCommand(resultsMerge())
	return cmd
}

// resultsMerge joins the runs of a plan's shards.
func resultsMerge() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "merge DIR... --out DIR",
		Short: "Join the load runs of a plan's shards into one",
		Long: "merge joins the runs that bench --shard left in folders, one for each shard, by merging their histograms, and judges the\n" +
			"thresholds on what that gives. The exit code is that of bench.",
		Example: "  mailtls results merge run-0 run-1 --out run",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, dirs []string) error {
			var runs []*results.Run
			for _, dir := range dirs {
				r, err := harness.ReadRun(dir)
				if err != nil {
					return err
				}
				runs = append(runs, r)
			}
			merged, err := results.MergeRuns(runs)
			if err != nil {
				return err
			}
			if err := harness.StoreRun(out, merged); err != nil {
				return err
			}
			printRun(cmd.OutOrStdout(), merged, out)
			return exit(results.RunExitCode(merged))
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "folder for the merged run")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}
