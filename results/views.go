package results

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// view is one format in which something can be written.
type view struct {
	format string
	write  func(io.Writer) error
}

// writeView writes something in the format asked for; what names it in errors.
func writeView(w io.Writer, what, format string, views ...view) error {
	var formats []string
	for _, v := range views {
		if v.format != format {
			formats = append(formats, v.format)
			continue
		}
		if err := v.write(w); err != nil {
			return fmt.Errorf("write %s: %w", what, err)
		}
		return nil
	}
	last := len(formats) - 1
	return fmt.Errorf("write %s as %q: %s or %s", what, format, strings.Join(formats[:last], ", "), formats[last])
}

// textView writes what is made as a string.
func textView(format string, text func() string) view {
	return view{format, func(w io.Writer) error {
		_, err := io.WriteString(w, text())
		return err
	}}
}

// jsonView writes a value as indented JSON.
func jsonView(v any) view {
	return view{"json", func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(v)
	}}
}
