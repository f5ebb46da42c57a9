package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mailtls/harness"
	"mailtls/results"
)

// interopFormats are the formats of the page, with the ends of their files' names.
var interopFormats = []struct{ name, ext string }{{"text", "txt"}, {"markdown", "md"}, {"json", "json"}}

// interopFlags are what the user asked for.
type interopFlags struct {
	targets, policies []string
	format, out       string
	verbose           bool
}

func newInterop() *cobra.Command {
	var f interopFlags
	cmd := &cobra.Command{
		Use:   "interop --targets NAME[/VARIANT],...",
		Short: "Have every target send to every other, and show what became of it",
		Long: "Interop has mail handed from every target that sends to every one that receives,\n" +
			"through a box that reads the TLS hellos, and counts as delivered what was read back\n" +
			"behind the receiver. It ends with 0 when every outcome is known and with 2 when\n" +
			"one is not: an outcome is no verdict.",
		Example: "  mailtls interop --targets postfix,exim,reference,exchange-2010,exchange-online\n" +
			"  mailtls interop --targets ./our-mta,postfix --format markdown --out results/runs/interop",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return interop(cmd, f) },
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&f.targets, "targets", nil, "targets by name, folders by path, each with a variant behind a slash, separated by commas")
	fl.StringSliceVar(&f.policies, "policies", harness.DefaultInteropPolicies(), "policies that senders are played under; one that claims none of them is played under all it has")
	fl.StringVar(&f.format, "format", "text", "text, markdown or json")
	fl.StringVar(&f.out, "out", "", "folder for the page in every format and the transcripts (default: none)")
	fl.BoolVar(&f.verbose, "verbose", false, "show what the targets print")
	return cmd
}

func interop(cmd *cobra.Command, f interopFlags) error {
	if len(f.targets) == 0 {
		return errors.New("read flags: --targets NAME, at least one")
	}
	if !slices.ContainsFunc(interopFormats, func(m struct{ name, ext string }) bool { return m.name == f.format }) {
		return fmt.Errorf("read --format %q: text, markdown or json", f.format)
	}
	var parties []harness.Party
	for _, name := range f.targets {
		p, err := harness.NewParty(name)
		if err != nil {
			return err
		}
		parties = append(parties, p)
	}
	screen := &lockedWriter{w: cmd.ErrOrStderr()}
	o := harness.InteropOptions{Policies: f.policies, Log: io.Discard, Say: func(s string) { say(screen, "%s\n", s) }}
	if f.verbose {
		o.Log = screen
	}
	handed, err := harness.Interop(cmd.Context(), parties, o)
	if err != nil {
		return err
	}
	var m results.Interop
	for _, h := range handed {
		m.Pairs = append(m.Pairs, h.InteropPair)
	}
	if err := f.store(m, handed); err != nil {
		return err
	}
	if err := results.WriteInterop(cmd.OutOrStdout(), m, f.format); err != nil {
		return err
	}
	return exit(m.ExitCode())
}

// store writes the page in every format, and the transcripts, into the folder.
func (f *interopFlags) store(m results.Interop, handed []harness.Handed) error {
	if f.out == "" {
		return nil
	}
	files := map[string][]byte{}
	for _, format := range interopFormats {
		var b bytes.Buffer
		if err := results.WriteInterop(&b, m, format.name); err != nil {
			return err
		}
		files["interop."+format.ext] = b.Bytes()
	}
	for _, h := range handed {
		if h.Transcript == nil {
			continue
		}
		var b bytes.Buffer
		if err := results.WriteTranscript(&b, h.Transcript); err != nil {
			return err
		}
		name := strings.NewReplacer("/", "-", ".", "").Replace(h.Sender + "-to-" + h.Receiver + "-" + h.Policy)
		files[filepath.Join("transcripts", name+".txt")] = b.Bytes()
	}
	if err := os.MkdirAll(filepath.Join(f.out, "transcripts"), 0o755); err != nil {
		return fmt.Errorf("store interop: %w", err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(f.out, name), content, 0o644); err != nil {
			return fmt.Errorf("store interop: %w", err)
		}
	}
	return nil
}
