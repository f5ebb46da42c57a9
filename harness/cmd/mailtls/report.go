package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mailtls/harness"
	"mailtls/results/overview"
)

// reportFormat is a document that report makes of folders.
type reportFormat struct {
	name  string
	write func(w io.Writer, dirs []string) error
}

// reportFormats lists all of them.
func reportFormats() []reportFormat {
	all := []reportFormat{{"html", harness.WritePage}}
	for _, name := range overview.Formats() {
		all = append(all, reportFormat{name, func(w io.Writer, dirs []string) error {
			o, err := harness.Overview(tool(), dirs...)
			if err != nil {
				return err
			}
			return o.Write(w, name)
		}})
	}
	return all
}

// reportFormatNames lists their names in a sentence.
func reportFormatNames() string {
	var names []string
	for _, f := range reportFormats() {
		names = append(names, f.name)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func newReport() *cobra.Command {
	var format, out string
	cmd := &cobra.Command{
		Use:   "report DIR...",
		Short: "Show stored verdicts and load runs to people and programs",
		Long: "report reads the reports and load runs in folders, and in the folders below them, and makes one document of them:\n\n" +
			"  html         a page to look at, with every transcript; also of stored matrices, comparisons and histories\n" +
			"  text         for a terminal\n" +
			"  markdown     for the page of a CI job; cut where such pages end, at 1 MiB\n" +
			"  junit        for a CI server's list of tests\n" +
			"  sarif        2.1.0, for a CI server's list of findings: what failed, at which transcript; what is waived is suppressed\n" +
			"  json         all of it, by results/schema/overview.schema.json\n" +
			"  openmetrics  for Prometheus: the newest of each target, and of each plan and target\n\n" +
			"Paths in the document are relative to the working directory where they can be.\n\n" +
			"Exit codes: 0 the document was written, whatever it says; 2 it could not be. It is run, bench, compare and gate that judge.",
		Example: "  mailtls report results/runs/20261124-203000-postfix\n  mailtls report results/runs --format markdown >> \"$GITHUB_STEP_SUMMARY\"\n" +
			"  mailtls report results/runs --format sarif --out mailtls.sarif",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, dirs []string) error {
			formats := reportFormats()
			i := slices.IndexFunc(formats, func(f reportFormat) bool { return f.name == format })
			if i < 0 {
				return fmt.Errorf("read --format %q: %s", format, reportFormatNames())
			}
			var b bytes.Buffer
			if err := formats[i].write(&b, dirs); err != nil {
				return err
			}
			if out == "" {
				_, err := cmd.OutOrStdout().Write(b.Bytes())
				return err
			}
			return leave(out, b.Bytes())
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", reportFormatNames())
	cmd.Flags().StringVar(&out, "out", "", "file for the document (default: standard output)")
	return cmd
}

// leave writes a file, with the folder that it lies in.
func leave(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("write document: %w", err)
	}
	return harness.ReplaceFile(file, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
