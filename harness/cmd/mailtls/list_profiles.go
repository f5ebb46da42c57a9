package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mailtls/harness"
	"mailtls/results"
	"mailtls/results/certificate"
)

// profileItem is a profile of certificates in a list.
type profileItem struct {
	Name    string             `json:"name"`
	Title   string             `json:"title"`
	Roles   []results.Role     `json:"roles"`
	Claims  []results.Feature  `json:"claims,omitempty"`
	OneOf   []results.Feature  `json:"one_of,omitempty"`
	Without []results.Feature  `json:"without,omitempty"`
	Levels  []results.TLSLevel `json:"policy_levels,omitempty"`
	Verify  []results.Verify   `json:"policy_verifies,omitempty"`
	// Cases that are required at most: which of them is said by the claims.
	Cases []string `json:"cases"`
	// Except with the reason.
	Except map[string]string `json:"except,omitempty"`
}

func listProfiles() *cobra.Command {
	cmd := &cobra.Command{Use: "profiles", Short: "List what a product can be certified for", Args: cobra.NoArgs}
	as := format(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var items []profileItem
		for _, p := range certificate.Profiles() {
			items = append(items, profileItem{
				Name: p.Name, Title: p.Title, Roles: p.Roles, Claims: p.Claims, OneOf: p.OneOf, Without: p.Without,
				Levels: p.Under.Levels, Verify: p.Under.Verifies, Cases: harness.RequiredCases(p), Except: p.Except,
			})
		}
		return write(cmd, *as, items, func(w io.Writer) {
			for _, i := range items {
				say(w, "%s\t%s\n", i.Name, i.Title)
				say(w, "\t  %s; %d cases at most\n", i.wants(), len(i.Cases))
				for _, id := range slices.Sorted(maps.Keys(i.Except)) {
					say(w, "\t  without %s: %s\n", id, i.Except[id])
				}
			}
		})
	}
	return cmd
}

// wants is what a run has to be for the profile, in words.
func (i profileItem) wants() string {
	parts := []string{"role " + listed(i.Roles, " or ")}
	for _, p := range []struct{ name, list string }{
		{"claims", listed(i.Claims, ", ")}, {"one of", listed(i.OneOf, ", ")}, {"not", listed(i.Without, ", ")},
		{"policies of level", listed(i.Levels, " or ")}, {"verifying", listed(i.Verify, " or ")},
	} {
		if p.list != "" {
			parts = append(parts, p.name+" "+p.list)
		}
	}
	return strings.Join(parts, "; ")
}

// listed joins words.
func listed[W ~string](list []W, by string) string {
	var words []string
	for _, w := range list {
		words = append(words, fmt.Sprint(w))
	}
	return strings.Join(words, by)
}
