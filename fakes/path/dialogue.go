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

// hear takes what the client says, and sets the stage to that of the last of it.
func (d *dialogue) hear(p []byte) {
	if d.secure {
		return
	}
	for len(p) > 0 {
		if d.chunk > 0 {
			n := min(d.chunk, int64(len(p)))
			d.chunk, p = d.chunk-n, p[n:]
			continue
		}
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			if len(d.line)+len(p) <= dialect.MaxLine {
				d.line = append(d.line, p...)
			}
			p = nil
		} else {
			line := string(bytes.TrimSuffix(append(d.line, p[:i]...), []byte("\r")))
			d.line, p = nil, p[i+1:]
			d.command(line)
		}
		if d.body {
			d.stage = results.StageBody
		}
	}
}

// command takes a whole line.
func (d *dialogue) command(line string) {
	if d.body {
		if line == "." {
			d.body, d.stage = false, results.StageBody
		}
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
