package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mailtls/fakes"
	"mailtls/harness"
	"mailtls/results"
)

// modelFlags are what the user asked for of the models.
type modelFlags struct {
	models, explain bool
	format, out     string
}

// add registers the flags that the matrix of models has of its own.
func (f *modelFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.models, "models", false, "put each model before each model and peer of the story (see mailtls list models)")
	cmd.Flags().BoolVar(&f.explain, "explain", false, "with --models: SENDER RECEIVER follow; answer for the two in a sentence, and show the transcript that proves it")
}

// arguments are a sender and a receiver with --explain, and none else.
func (f *modelFlags) arguments(cmd *cobra.Command, args []string) error {
	switch {
	case f.explain && !f.models:
		return fmt.Errorf("read flags: --explain goes with --models")
	case f.explain && len(args) != 2:
		return fmt.Errorf("read arguments: --explain SENDER RECEIVER, such as: --explain exchange-online tls10-only")
	case f.explain:
		return nil
	}
	return cobra.NoArgs(cmd, args)
}

// modelMatrix lets all models meet, or two of them, and writes what came of it.
func modelMatrix(cmd *cobra.Command, f modelFlags, args []string) error {
	if !slices.ContainsFunc(matrixFormats, func(m struct{ name, ext string }) bool { return m.name == f.format }) {
		return fmt.Errorf("read --format %q: text, markdown, json or csv", f.format)
	}
	meetings := harness.Meetings()
	if f.explain {
		sender, receiver, err := pair(args[0], args[1])
		if err != nil {
			return err
		}
		meetings = []harness.Meeting{{Sender: sender, Receiver: receiver}}
	}
	met, err := harness.Meet(cmd.Context(), meetings, harness.MeetOptions{})
	if err != nil {
		return err
	}
	m := harness.ModelMatrixOf(met)
	if err := f.store(m, met); err != nil {
		return err
	}
	if f.explain && f.format == "text" {
		say(cmd.OutOrStdout(), "%s\n\n", met[0].Sentence)
		if err := results.WriteTranscript(cmd.OutOrStdout(), met[0].Transcript); err != nil {
			return err
		}
	} else if err := results.WriteModelMatrix(cmd.OutOrStdout(), m, f.format); err != nil {
		return err
	}
	return exit(m.ExitCode())
}

// pair finds a model that sends, and a model or peer that receives.
func pair(sender, receiver string) (fakes.Model, fakes.Profile, error) {
	s, err := fakes.ProductModel(sender)
	if err != nil {
		return s, fakes.Profile{}, err
	}
	if s.Sends == nil {
		return s, fakes.Profile{}, fmt.Errorf("explain: model %s does not send", sender)
	}
	if m, err := fakes.ProductModel(receiver); err == nil {
		return s, m.Receives, nil
	}
	r, err := fakes.Receiver(receiver)
	return s, r, err
}

// store writes the matrix in every format, and the transcripts, into the folder.
func (f *modelFlags) store(m results.ModelMatrix, met []harness.Met) error {
	if f.out == "" {
		return nil
	}
	files := map[string][]byte{}
	for _, format := range matrixFormats {
		var b bytes.Buffer
		if err := results.WriteModelMatrix(&b, m, format.name); err != nil {
			return err
		}
		files["models."+format.ext] = b.Bytes()
	}
	for _, c := range met {
		var b bytes.Buffer
		if err := results.WriteTranscript(&b, c.Transcript); err != nil {
			return err
		}
		name := strings.ReplaceAll(c.Sender+"-to-"+c.Receiver, "/", "-") + ".txt"
		files[filepath.Join("transcripts", name)] = b.Bytes()
	}
	if err := os.MkdirAll(filepath.Join(f.out, "transcripts"), 0o755); err != nil {
		return fmt.Errorf("store matrix: %w", err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(f.out, name), content, 0o644); err != nil {
			return fmt.Errorf("store matrix: %w", err)
		}
	}
	return nil
}
