package harness_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"time"
)

// call is a connection that a hostile server holds.
type call struct {
	*net.TCPConn
	ctx context.Context
	in  *bufio.Reader
}

// act is one thing that a hostile server does; an error ends the connection.
type act func(*call) error

func says(text string) act {
	return func(c *call) error { _, err := c.Write([]byte(text)); return err }
}

// hears reads one line, whatever it says.
func hears(c *call) error { _, err := c.in.ReadString('\n'); return err }

// waitsFor hears lines up to the one given.
func waitsFor(last string) act {
	return func(c *call) error {
		for {
			line, err := c.in.ReadString('\n')
			if err != nil || line == last+"\r\n" {
				return err
			}
		}
	}
}

// meets reads one byte: of a ClientHello, or of what comes in its place.
func meets(c *call) error { _, err := c.in.ReadByte(); return err }

// waits is silent until the client is gone.
func waits(c *call) error {
	for {
		if _, err := c.in.ReadByte(); err != nil {
			return err
		}
	}
}

func closes(c *call) error { return c.Close() }

func resets(c *call) error { return errors.Join(c.SetLinger(0), c.Close()) }

// repeats says a text to every line, for ever.
func repeats(text string) act {
	return func(c *call) error {
		for {
			if err := errors.Join(hears(c), says(text)(c)); err != nil {
				return err
			}
		}
	}
}

// floods says a text for ever: 8 MiB a second, so that the other servers of a
// test have their turn too.
func floods(text string) act {
	text = strings.Repeat(text, 1+(16<<10)/len(text))
	return func(c *call) error {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-c.ctx.Done():
				return c.ctx.Err()
			case <-tick.C:
			}
			if err := says(text)(c); err != nil {
				return err
			}
		}
	}
}

// trickles says a text so many times, a byte at a time; 0 is for ever.
func trickles(text string, times int, gap time.Duration) act {
	return func(c *call) error {
		tick := time.NewTimer(gap)
		defer tick.Stop()
		for n := 0; times == 0 || n < times; n++ {
			for i := range len(text) {
				if gap > 0 {
					select {
					case <-c.ctx.Done():
						return c.ctx.Err()
					case <-tick.C:
						tick.Reset(gap)
					}
				}
				if err := says(text[i : i+1])(c); err != nil {
					return err
				}
			}
		}
		return nil
	}
}
