package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/results/certificate"
)

// tool is how this program signs reports.
func tool() results.Tool {
	return results.Tool{Name: "mailtls", Version: targets.ToolVersion(), Go: runtime.Version()}
}

// build is this program as it was built: from which commit, and whether its sources
// were changed since.
func build() certificate.Build {
	t := tool()
	b := certificate.Build{Name: t.Name, Version: t.Version, Go: t.Go}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			b.Dirty = s.Value != "false"
		}
	}
	return b
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
