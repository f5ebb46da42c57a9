package results

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	yamltoken "github.com/goccy/go-yaml/token"
)

// FileFaults collects what is wrong with a YAML file, each fault with its place as
// name:line:column.
type FileFaults struct {
	// Name of the file, as errors show it.
	Name string

	found []error
}

// Add notes what is wrong at a token; nil is the beginning of the file.
func (f *FileFaults) Add(tok *yamltoken.Token, format string, args ...any) {
	line, column := 1, 1
	if tok != nil && tok.Position != nil {
		line, column = tok.Position.Line, tok.Position.Column
	}
	f.found = append(f.found, fmt.Errorf("%s:%d:%d: %w", f.Name, line, column, fmt.Errorf(format, args...)))
}

// Syntax puts an error of the library into this form, and returns it with all that
// was found before.
func (f *FileFaults) Syntax(err error) error {
	var placed yaml.Error
	if !errors.As(err, &placed) {
		return fmt.Errorf("%s:1:1: %w", f.Name, err)
	}
	f.Add(placed.GetToken(), "%s; mend the syntax", placed.GetMessage())
	return f.Err()
}

// Err is all that was found wrong, or nil.
func (f *FileFaults) Err() error { return errors.Join(f.found...) }
