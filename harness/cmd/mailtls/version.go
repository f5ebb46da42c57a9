package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"mailtls/harness/targets"
	"mailtls/results"
)

// tool is how this program signs reports.
func tool() results.Tool {
	return results.Tool{Name: "mailtls", Version: targets.ToolVersion(), Go: runtime.Version()}
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t := tool()
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s %s %s %s/%s\n", t.Name, t.Version, t.Go, runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
