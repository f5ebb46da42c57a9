package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"mailtls/fakes"
	"mailtls/harness"
	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/scenarios"
)

func newList() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List cases, peers, models, targets and profiles", Args: cobra.NoArgs, RunE: incomplete}
	cmd.AddCommand(listCases(), listPeers(), listModels(), listTargets(), listProfiles())
	return cmd
}

// incomplete answers a command that needs another word behind it.
func incomplete(cmd *cobra.Command, _ []string) error {
	var words []string
	for _, c := range cmd.Commands() {
		words = append(words, c.Name())
	}
	return fmt.Errorf("%s: what? there are %s", cmd.CommandPath(), strings.Join(words, ", "))
}

// format is the --format flag of a list.
func format(cmd *cobra.Command) *string {
	return cmd.Flags().String("format", "text", "text or json")
}

// write writes a list in the format asked for.
func write(cmd *cobra.Command, format string, items any, text func(io.Writer)) error {
	switch format {
	case "json":
		return writeJSON(cmd.OutOrStdout(), items)
	case "text":
		t := table(cmd.OutOrStdout())
		text(t)
		return t.Flush()
	}
	return fmt.Errorf("read --format %q: text or json", format)
}

// caseItem is a case in a list.
type caseItem struct {
	ID       string            `json:"id"`
	Row      string            `json:"row"`
	Title    string            `json:"title"`
	Level    results.Level     `json:"level"`
	Role     results.Role      `json:"role"`
	Protocol results.Protocol  `json:"protocol"`
	Source   string            `json:"source"`
	Needs    []results.Feature `json:"needs"`
	Labels   []string          `json:"labels"`
	State    string            `json:"state"`
	Why      string            `json:"why"`
}

func listCases() *cobra.Command {
	var f results.Filter
	cmd := &cobra.Command{
		Use: "cases", Short: "List the cases: what is required, how strongly, and by what source", Args: cobra.NoArgs,
	}
	as := cmd.Flags().String("format", "text", "text, json or markdown")
	cmd.Flags().StringVar(&f.Case, "case", "", "only those whose id, area or row matches this glob")
	cmd.Flags().StringVar(&f.Label, "filter", "", "only those whose labels match, in Ginkgo's grammar")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cases, err := harness.Select(results.Roles(), f)
		if err != nil {
			return err
		}
		switch *as {
		case "text", "json":
		case "markdown":
			say(cmd.OutOrStdout(), "%s", scenarios.Markdown(cases))
			return nil
		default:
			return fmt.Errorf("read --format %q: text, json or markdown", *as)
		}
		items := []caseItem{}
		for _, c := range cases {
			items = append(items, itemOf(c))
		}
		return write(cmd, *as, items, func(w io.Writer) {
			for _, i := range items {
				say(w, "%s\t%s\t%s\t%s\t%s\n", i.Row, i.ID, i.Level, i.Source, i.Title)
			}
		})
	}
	return cmd
}

func itemOf(c scenarios.Case) caseItem {
	i := caseItem{
		ID: c.ID, Row: c.Row, Title: c.Title, Level: c.Strongest(), Role: c.Role, Protocol: c.Protocol,
		Source: c.Source.Clause, Needs: c.Needs, Labels: c.Labels(), State: "ready", Why: c.Pending,
	}
	if c.Pending != "" {
		i.State = "pending"
	}
	return i
}

// peerItem is a peer in a list.
type peerItem struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	Doc  string `json:"doc"`
}

func listPeers() *cobra.Command {
	cmd := &cobra.Command{Use: "peers", Short: "List the peers that serve and send play", Args: cobra.NoArgs}
	as := format(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var items []peerItem
		for _, p := range fakes.Receivers() {
			items = append(items, peerItem{p.Name, "receiving", p.Doc})
		}
		for _, p := range fakes.Senders() {
			items = append(items, peerItem{p.Name, "sending", p.Doc})
		}
		return write(cmd, *as, items, func(w io.Writer) {
			for _, i := range items {
				say(w, "%s\t%s\t%s\n", i.Kind, i.Name, i.Doc)
			}
		})
	}
	return cmd
}

// modelItem is a model in a list: by whose name serve plays its receiving side, and
// whether it sends.
type modelItem struct {
	Name     string `json:"name"`
	Doc      string `json:"doc"`
	Receives string `json:"receives"`
	Sends    bool   `json:"sends"`
}

func listModels() *cobra.Command {
	cmd := &cobra.Command{Use: "models", Short: "List the models of mail servers, which matrix --models puts before each other", Args: cobra.NoArgs}
	as := format(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var items []modelItem
		for _, m := range fakes.ProductModels() {
			items = append(items, modelItem{m.Name, m.Doc, m.Receives.Name, m.Sends != nil})
		}
		return write(cmd, *as, items, func(w io.Writer) {
			for _, i := range items {
				sends := "receives"
				if i.Sends {
					sends = "sends, receives"
				}
				say(w, "%s\t%s as %s\t%s\n", i.Name, sends, i.Receives, i.Doc)
			}
		})
	}
	return cmd
}

// targetItem is a target in a list.
type targetItem struct {
	Name      string         `json:"name"`
	Version   string         `json:"version"`
	Doc       string         `json:"doc"`
	Roles     []results.Role `json:"roles"`
	Variants  []variantItem  `json:"variants"`
	Available bool           `json:"available"`
	Why       string         `json:"why"`
}

type variantItem struct {
	Name   string         `json:"name"`
	Doc    string         `json:"doc"`
	Claims results.Claims `json:"claims"`
}

func listTargets() *cobra.Command {
	cmd := &cobra.Command{Use: "targets", Short: "List the targets, their variants, and whether they can run here", Args: cobra.NoArgs}
	as := format(cmd)
	names := cmd.Flags().Bool("names", false, "only the names, a variant a line, for scripts")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		all, err := targets.All()
		if err != nil {
			return err
		}
		if *names {
			for _, t := range all {
				for _, v := range t.Spec().Variants {
					say(cmd.OutOrStdout(), "%s/%s\n", t.Spec().Name, v.Name)
				}
			}
			return nil
		}
		var items []targetItem
		for _, t := range all {
			items = append(items, targetOf(cmd, t))
		}
		return write(cmd, *as, items, func(w io.Writer) { printTargets(w, items) })
	}
	return cmd
}

func targetOf(cmd *cobra.Command, t targets.Target) targetItem {
	s := t.Spec()
	i := targetItem{Name: s.Name, Doc: s.Doc, Roles: s.Roles, Available: true}
	for _, v := range s.Variants {
		i.Variants = append(i.Variants, variantItem{v.Name, v.Doc, v.Claims})
	}
	if err := t.Available(); err != nil {
		i.Available, i.Why = false, err.Error()
		return i
	}
	version, err := t.Version(cmd.Context())
	if err != nil {
		i.Available, i.Why = false, err.Error()
	}
	i.Version = version
	return i
}

func printTargets(w io.Writer, items []targetItem) {
	for _, i := range items {
		state := "available"
		if !i.Available {
			state = "not available: " + i.Why
		}
		say(w, "%s\t%s\t%s\t%s\n", i.Name, i.Version, i.Doc, state)
		for _, v := range i.Variants {
			var features []string
			for _, f := range v.Claims.Features {
				features = append(features, string(f))
			}
			say(w, "  %s/%s\t\t%s\tclaims %s\n", i.Name, v.Name, v.Doc, strings.Join(features, " "))
		}
	}
}
