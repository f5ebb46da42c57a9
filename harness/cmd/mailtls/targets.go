package main

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mailtls/harness/targets"
)

func newTargets() *cobra.Command {
	cmd := &cobra.Command{Use: "targets", Short: "Install real mail servers, and show which are there", Args: cobra.NoArgs, RunE: incomplete}
	install := &cobra.Command{
		Use:     "install NAME...",
		Short:   "Make the roots in which real mail servers run, in your cache folder",
		Example: "  mailtls targets install postfix",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range args {
				if err := install(cmd.Context(), cmd.ErrOrStderr(), name); err != nil {
					return err
				}
			}
			return nil
		},
	}
	status := &cobra.Command{
		Use:   "status",
		Short: "Show which targets can run here, and why the others cannot",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := targets.All()
			if err != nil {
				return err
			}
			t := table(cmd.OutOrStdout())
			for _, target := range all {
				i := targetOf(cmd, target)
				state := "available"
				if !i.Available {
					state = i.Why
				}
				say(t, "%s\t%s\t%s\n", i.Name, i.Version, state)
			}
			return t.Flush()
		},
	}
	cmd.AddCommand(install, status)
	return cmd
}

// install makes a root, with a spinner on terminals and plain lines elsewhere.
func install(ctx context.Context, w io.Writer, name string) error {
	target, err := targets.Find(name)
	if err != nil {
		return err
	}
	root, ok := target.(*targets.Process)
	if !ok {
		say(w, "%s: nothing to install\n", name)
		return nil
	}
	start := time.Now()
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription("install "+name),
			progressbar.OptionSetElapsedTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionSpinnerType(14))
		err = root.Install(ctx, func(step string) {
			bar.Describe("install " + name + ": " + step)
			_ = bar.Add(1)
		})
		_ = bar.Finish()
	} else {
		err = root.Install(ctx, func(step string) { say(w, "install %s: %s\n", name, step) })
	}
	if err != nil {
		return err
	}
	say(w, "install %s: done in %s\n", name, time.Since(start).Round(time.Second))
	return nil
}
