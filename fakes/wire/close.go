package wire

import (
	"errors"
	"fmt"

	"mailtls/results"
)

// ErrNoTLS is returned by CloseNotify when TLS is not up.
var ErrNoTLS = errors.New("TLS is not up")

// CloseNotify sends a close_notify alert (RFC 8446 §6.1) and nothing else: the
// connection stays open both ways below TLS, and above TLS it can still be read.
func (c *Conn) CloseNotify() error {
	up := c.up.Load()
	if up == nil {
		return fmt.Errorf("send close_notify: %w", ErrNoTLS)
	}
	if err := up.CloseWrite(); err != nil {
		return fmt.Errorf("send close_notify: %w", err)
	}
	return nil
}

// CloseWrite ends our direction with a FIN, without a close_notify. The far
// end's direction can still be read.
func (c *Conn) CloseWrite() error {
	half, ok := c.raw.(interface{ CloseWrite() error })
	if !ok {
		return fmt.Errorf("half-close: a %T cannot be half-closed", c.raw)
	}
	c.finSent.Store(true)
	t := c.rec.ticket()
	if err := half.CloseWrite(); err != nil {
		return fmt.Errorf("half-close: %w", err)
	}
	c.closeEvent(t, closeHalf)
	return nil
}

// Reset closes the connection with a RST and drops what was not sent yet. Only
// TCP connections can be reset.
func (c *Conn) Reset() error {
	tcp, ok := c.raw.(interface{ SetLinger(int) error })
	if !ok {
		return fmt.Errorf("reset: a %T cannot be reset", c.raw)
	}
	if err := tcp.SetLinger(0); err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	if err := c.shut(closeReset); err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	return nil
}

// Close closes the connection. If TLS is up it sends a close_notify before,
// unless our direction has ended already; a truncation is CloseWrite before
// Close.
func (c *Conn) Close() error {
	if up := c.up.Load(); up != nil && !c.finSent.Load() && !c.closed.Load() {
		return up.Close()
	}
	return c.shut(closeAll)
}

// shut closes the connection below TLS. Only the first call is written down.
func (c *Conn) shut(text string) error {
	c.closing.Lock()
	defer c.closing.Unlock()
	t := c.rec.ticket()
	first := !c.closed.Swap(true)
	err := c.raw.Close()
	if first {
		c.closeEvent(t, text)
	}
	return err
}

func (c *Conn) closeEvent(t ticket, text string) {
	c.rec.mu.Lock()
	defer c.rec.mu.Unlock()
	c.rec.log.put(t, results.Event{From: c.ours, Kind: results.EventClose, Text: text})
}
