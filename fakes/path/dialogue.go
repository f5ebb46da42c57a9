package path

import (
	"bytes"

	"mailtls/fakes/dialect"
	"mailtls/results"
)

// dialogue follows what client and server say in clear.
type dialogue struct {
	stage results.Stage
	// line is the beginning of a command.
	line []byte
	// body says that the content of DATA comes, chunk how many bytes of BDAT do.
	body  bool
	chunk int64
	// secure says that the server gave the go-ahead for TLS.
	secure bool
}

// hear takes a segment of what the client says, and sets the stage to that of the
// last command in it; content of a message that it holds goes before that, since
// the reply to it is what counts.
func (d *dialogue) hear(p []byte) {
	var content results.Stage
	for !d.secure && len(p) > 0 {
		if d.chunk > 0 {
			n := min(d.chunk, int64(len(p)))
			d.chunk, p, content = d.chunk-n, p[n:], results.StageBdat
			continue
		}
		if d.body {
			content = results.StageBody
		}
		line, rest, whole := bytes.Cut(p, []byte("\n"))
		if len(d.line)+len(line) <= dialect.MaxLine {
			d.line = append(d.line, line...)
		}
		if p = rest; whole {
			d.command(string(bytes.TrimSuffix(d.line, []byte("\r"))))
			d.line = nil
		}
	}
	if content != "" {
		d.stage = content
	}
}

// command takes a whole line.
func (d *dialogue) command(line string) {
	if d.body {
		d.body = line != "."
		return
	}
	c := dialect.ParseSMTP(line)
	d.stage = c.Stage
	if c.Stage == results.StageBdat {
		d.chunk, _, _ = dialect.Chunk(c.Argument)
	}
}

// say takes what the server says, and tells whether that is the go-ahead for TLS.
func (d *dialogue) say(p []byte) bool {
	if d.stage == results.StageData {
		d.body = bytes.HasPrefix(p, []byte("354")) || bytes.Contains(p, []byte("\n354"))
	}
	return d.stage == results.StageStartTLS && bytes.HasPrefix(p, []byte(dialect.GoAhead(results.SMTP)))
}
