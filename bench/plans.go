package bench

import (
	"embed"
	"fmt"
	"path"
	"strings"

	"mailtls/results"
)

//go:embed plans/*.yaml
var plans embed.FS

// Plans lists the plans that ship, by name.
func Plans() []string {
	entries, _ := plans.ReadDir("plans") // it is in the program
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Plan reads a plan that ships. What it loads is left open.
func Plan(name string) (results.Plan, error) {
	file := path.Join("plans", name+".yaml")
	data, err := plans.ReadFile(file)
	if err != nil {
		return results.Plan{}, fmt.Errorf("find plan %q: there are %s; a file is named by a path, such as ./%s.yaml", name, strings.Join(Plans(), ", "), name)
	}
	return results.ReadPlan(file, data)
}
