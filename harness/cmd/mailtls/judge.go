package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"mailtls/harness"
	"mailtls/results"
)

func newJudge() *cobra.Command {
	return &cobra.Command{
		Use:     "judge DIR",
		Short:   "Judge the stored transcripts of a run again",
		Long:    "Judge reads report.json and the transcripts of a run's folder, judges them again\nwithout any network, and says where the verdicts differ. Nothing is written.",
		Example: "  mailtls judge results/runs/20261124-203000-postfix",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, changed, err := harness.Judge(args[0])
			if err != nil {
				return err
			}
			printTable(cmd.OutOrStdout(), r, args[0])
			if len(changed) > 0 {
				return errors.New("judge " + args[0] + ": these differ from the stored report: " + strings.Join(changed, ", "))
			}
			say(cmd.OutOrStdout(), "the same verdicts as in the stored report\n")
			return exit(results.ExitCode(r, false))
		},
	}
}
