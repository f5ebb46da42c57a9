package receiver

import (
	"context"
	"fmt"
	"slices"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
	"mailtls/results"
)

// bdat takes a chunk (RFC 3030 §2). It is read to its end before anything is
// answered, errors included.
func (x *session) bdat(ctx context.Context, c dialect.Command) error {
	if !slices.Contains(x.capabilities(), "CHUNKING") {
		return x.reply("500", "5.5.2 Command not known")
	}
	size, last, ok := dialect.Chunk(c.Argument)
	if !ok {
		return x.finish("501", "5.5.4 Syntax: BDAT size [LAST]") // how much to skip cannot be known
	}
	room := maxContent - len(x.chunks)
	content, err := x.octets(size, room)
	switch {
	case err != nil:
		return err
	case !x.mail:
		return x.reply("503", "5.5.1 MAIL comes first")
	case len(x.rcpts) == 0:
		return x.reply("503", "5.5.1 RCPT comes first")
	case size > int64(room):
		x.forget()
		return x.reply("552", "5.3.4 Message too big")
	}
	x.chunks, x.chunked = append(x.chunks, content...), true
	if !last {
		return x.reply("250", fmt.Sprintf("2.0.0 Ok: %d octets", size))
	}
	whole := x.chunks
	if x.Profile.Accepts(fakes.LenientBdatDots) {
		whole = dialect.Unstuff(whole)
	}
	return x.take(ctx, x.mark(results.StageBdat), whole)
}

// octets reads so many bytes, and keeps them as far as there is room.
func (x *session) octets(size int64, room int) ([]byte, error) {
	keep := size <= int64(room)
	var content []byte
	for size > 0 {
		if len(x.buf) == 0 {
			if err := x.fill(); err != nil {
				return nil, err
			}
		}
		n := min(size, int64(len(x.buf)))
		if keep {
			content = append(content, x.buf[:n]...)
		}
		x.buf = x.buf[n:]
		size -= n
	}
	return content, nil
}
