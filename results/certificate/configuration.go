package certificate

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"mailtls/results"
)

// ConfigurationDir is where in a certificate's folder the redacted copies of
// configuration files are.
const ConfigurationDir = "configuration"

// MaxCopy is how many bytes a redacted copy may have.
const MaxCopy = 1 << 20

// Configured is a configuration file that a product ran with.
type Configured struct {
	// Name of the file where the product ran.
	Name string `json:"name" yaml:"name"`
	// SHA256 of the original, nothing cut, in 64 hexadecimal digits.
	SHA256 string `json:"sha256" yaml:"sha256"`
	// Redacted is a copy without the secrets, its path relative to the subject's file
	// and not out of the folder of that; empty when there is none.
	Redacted string `json:"-" yaml:"redacted"`
	// Copy is the path of that copy in a certificate's folder, with slashes. It follows
	// from Name and the place in the list; empty when there is none.
	Copy string `json:"redacted,omitempty" yaml:"-"`

	place *token.Token // of Redacted in the subject's file
}

// Copy is a redacted copy of a configuration file.
type Copy struct {
	// Name in a certificate's folder, with slashes.
	Name string
	// Data is its content.
	Data []byte
}

// locate fills in where the redacted copies go to, and where the subject names them.
func (s *Subject) locate(body ast.Node) {
	for i := range s.Configuration {
		if f := &s.Configuration[i]; f.Redacted != "" {
			f.Copy, f.place = copyName(i, f.Name), placeOf(body, keyOf(i, "redacted"))
		}
	}
}

// copyName is where the copy of file i (from 0) goes to, safe on every system: such
// as configuration/01-mta.conf.
func copyName(i int, name string) string {
	const longest = 80
	base := plain(name[strings.LastIndexAny(name, `/\`)+1:])
	base = strings.Trim(base[:min(len(base), longest)], "-.")
	if base == "" {
		base = "file"
	}
	return fmt.Sprintf("%s/%02d-%s", ConfigurationDir, i+1, base)
}

// keyOf is the path to a key of file i (from 0).
func keyOf(i int, key string) string { return fmt.Sprintf("configuration.%d.%s", i, key) }

// filesFaults says what is wrong with the list of configuration files.
func filesFaults(files []Configured) []fault {
	if len(files) == 0 {
		return []fault{{"configuration", "configuration is missing: a name and a sha256 for each file that the product ran with"}}
	}
	var all []fault
	add := func(i int, key, what string) {
		all = append(all, fault{keyOf(i, key), fmt.Sprintf("file %d (%s): %s", i+1, files[i].Name, what)})
	}
	for i, f := range files {
		if sum, err := hex.DecodeString(f.SHA256); strings.TrimSpace(f.Name) == "" || err != nil || len(sum) != 32 || f.SHA256 != strings.ToLower(f.SHA256) {
			add(i, "sha256", "want a name, and a sha256 of 64 hexadecimal digits in lower case")
		}
		if f.Redacted != "" && !fs.ValidPath(path.Clean(f.Redacted)) {
			add(i, "redacted", fmt.Sprintf("redacted copy %s: want a path below the folder of this file, with slashes", f.Redacted))
		}
	}
	return all
}

// Copies reads the redacted copies of the configuration files; name is the path of
// the subject's file, beside or below which they are, and that errors name, with the
// place as name:line:column. Links that lead out of that folder are refused, and so
// is a copy that is empty, has more than MaxCopy bytes, or is one of the originals
// byte for byte: of that nothing was cut, and it may have been named by mistake.
// Whether what should be cut was cut nobody can tell but the user.
func (s *Subject) Copies(name string) ([]Copy, error) {
	if !slices.ContainsFunc(s.Configuration, func(f Configured) bool { return f.Redacted != "" }) {
		return nil, nil
	}
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, fmt.Errorf("read redacted copies: %w", err)
	}
	faults := results.FileFaults{Name: name}
	var copies []Copy
	for i, f := range s.Configuration {
		if f.Redacted == "" {
			continue
		}
		data, err := readCopy(root, path.Clean(f.Redacted))
		if original, is := s.original(Sum(data)); err == nil && is {
			err = fmt.Errorf("it is %s as it was, with nothing cut: cut the secrets out; when it has none, add a line that says so", original)
		}
		if err != nil {
			faults.Add(f.place, "file %d (%s): redacted copy %s: %w", i+1, f.Name, f.Redacted, err)
			continue
		}
		copies = append(copies, Copy{Name: f.Copy, Data: data})
	}
	return copies, errors.Join(faults.Err(), root.Close())
}

// original names the configuration file with a digest, if there is one.
func (s *Subject) original(sum string) (string, bool) {
	i := slices.IndexFunc(s.Configuration, func(f Configured) bool { return f.SHA256 == sum })
	if i < 0 {
		return "", false
	}
	return s.Configuration[i].Name, true
}

func readCopy(root *os.Root, name string) ([]byte, error) {
	name = filepath.FromSlash(name)
	info, err := root.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a file")
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, MaxCopy+1))
	switch err := errors.Join(err, file.Close()); {
	case err != nil:
		return nil, err
	case len(data) == 0:
		return nil, errors.New("it is empty")
	case len(data) > MaxCopy:
		return nil, fmt.Errorf("it has more than %d bytes (%d MiB)", MaxCopy, MaxCopy>>20)
	}
	return data, nil
}

// CopyFaults says what is wrong with the redacted copies that a certificate names, as
// far as its Files tell, a line each.
func (c *Certificate) CopyFaults() []string {
	var lines []string
	for _, f := range c.Subject.Configuration {
		if f.Copy == "" {
			continue
		}
		i := slices.IndexFunc(c.Files, func(there File) bool { return there.Name == f.Copy })
		if i < 0 {
			lines = append(lines, fmt.Sprintf("%s: the redacted copy of %s is no file of the certificate", f.Copy, f.Name))
		} else if original, is := c.Subject.original(c.Files[i].SHA256); is {
			lines = append(lines, fmt.Sprintf("%s: it is %s as it was, with nothing cut", f.Copy, original))
		}
	}
	return lines
}
