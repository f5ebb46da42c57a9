package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"mailtls/harness"
	"mailtls/results"
)

func newJudge() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "judge DIR",
		Short:   "Judge the stored transcripts of a run again",
		Long:    "Judge reads report.json and the transcripts of a run's folder, judges them again\nwithout any network, and says where the verdicts differ. Nothing is written.",
		Example: "  mailtls judge results/runs/20261124-203000-postfix",
		Args:    cobra.ExactArgs(1),
	}
	only := cmd.Flags().Bool("verdicts", false, "print each case and its verdict, and nothing else, for diff")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		r, differs, err := harness.Judge(args[0])
		if err != nil {
			return err
		}
		if *only {
			for _, c := range r.Cases {
				say(cmd.OutOrStdout(), "%s %s\n", c.Key(), conclusion(c))
			}
		} else {
			printTable(cmd.OutOrStdout(), r, args[0])
		}
		if len(differs) > 0 {
			return errors.New("judge " + args[0] + ": this differs from the stored report: " + strings.Join(differs, "; "))
		}
		if !*only {
			say(cmd.OutOrStdout(), "the same verdicts as in the stored report\n")
		}
		return exit(results.ExitCode(r, false))
	}
	return cmd
}
