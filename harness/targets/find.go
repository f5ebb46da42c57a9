package targets

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// All returns every target that comes with mailtls, our own engine first. The
// remote one is made of flags and is not among them, and neither are Products.
func All() ([]Target, error) {
	all := []Target{Reference(), GoSMTP{}}
	processes, err := Builtin()
	if err != nil {
		return nil, err
	}
	for _, p := range processes {
		all = append(all, p)
	}
	return all, nil
}

// Find returns the target or product with the name, or the one that a folder
// describes: a name with a dot or a slash at its beginning is a path. Real software
// goes before the product of the same name.
func Find(name string) (Target, error) {
	if IsPath(name) {
		return Load(name)
	}
	all, err := All()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range all {
		if t.Spec().Name == name {
			return t, nil
		}
		names = append(names, t.Spec().Name)
	}
	for _, p := range Products() {
		if p.name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("find target %q: there are %s, the models and remote; a folder is named by a path, such as ./%s",
		name, strings.Join(names, ", "), name)
}

// IsPath tells whether a target's name is the path of a folder.
func IsPath(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "/")
}

// Split cuts the variant off a target's name. The last part of a path is a
// variant when the path itself is no target's folder.
func Split(s string) (name, variant string) {
	if !IsPath(s) {
		name, variant, _ = strings.Cut(s, "/")
		return name, variant
	}
	if _, err := os.Stat(filepath.Join(s, ManifestFile)); err == nil {
		return s, ""
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(s), ManifestFile)); err == nil {
		return filepath.Dir(s), filepath.Base(s)
	}
	return s, ""
}
