// Command mailtls judges and loads the TLS of mail servers: see README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes. 1 and 2 are also what a report's outcome gives.
const (
	exitOK          = 0
	exitFailed      = 1
	exitFault       = 2
	exitInterrupted = 130
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// execute runs the command line and returns the exit code.
func execute(ctx context.Context, args []string, out, errs io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	var exit exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &exit):
		return int(exit)
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		say(errs, "mailtls: interrupted\n")
		return exitInterrupted
	}
	say(errs, "mailtls: %v\n", err)
	return exitFault
}

// exitError ends the program with a code, everything having been said.
type exitError int

// Error names the code.
func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// exit returns nil for 0 and an exitError else.
func exit(code int) error {
	if code == exitOK {
		return nil
	}
	return exitError(code)
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "mailtls",
		Short:         "Judge and load the TLS of mail servers",
		Long:          "mailtls plays both ends of a mail connection, and the wire in between, and judges\nwhether a mail server keeps its promises about TLS.",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newRun(), newMatrix(), newInterop(), newWiring(), newJudge(), newCertify(), newVerifyCertificate(), newBench(), newCompare(), newHistory(),
		newGate(), newReport(), newResults(), newList(), newTargets(), newServe(), newSend(), newVersion())
	return root
}
