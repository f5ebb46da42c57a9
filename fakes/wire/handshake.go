package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"mailtls/results"
)

// Handshake runs the TLS handshake of our side with a copy of config, whose
// KeyLogWriter, if any, still gets its lines. When ctx ends first the connection
// is closed. What was agreed, or why it failed, goes into the session's TLSFacts
// and events; after a failure Read and Write are still in clear, so that what
// the far end said instead of TLS can be read.
//
// Session tickets of a server belong to config, not to the copy: servers that
// share a config resume each other's sessions.
func (c *Conn) Handshake(ctx context.Context, config *tls.Config) error {
	c.handshake.Lock()
	defer c.handshake.Unlock()
	if c.up.Load() != nil {
		return errors.New("handshake: TLS is up already")
	}
	c.dropSpare()
	a := c.shake()
	conn := c.endpoint(config, a)
	err := conn.HandshakeContext(ctx)
	if err != nil && errors.Is(err, ctx.Err()) {
		// crypto/tls closes from a goroutine that may not be through yet.
		_ = c.shut(closeAll)
	}
	c.conclude(a, conn, err)
	if err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	c.up.Store(conn)
	return nil
}

func (c *Conn) dropSpare() {
	c.reading.Lock()
	defer c.reading.Unlock()
	c.spare, c.held, c.cut = nil, nil, alertCut{}
}

// shake begins an attempt and writes it down.
func (c *Conn) shake() *attempt {
	c.rec.mu.Lock()
	defer c.rec.mu.Unlock()
	c.rec.log.put(c.rec.draw(), results.Event{From: c.ours, Kind: results.EventTLS, Text: "handshake began"})
	return c.track.shake()
}

// conclude writes down how a handshake ended.
func (c *Conn) conclude(a *attempt, conn *tls.Conn, err error) {
	state := conn.ConnectionState()
	c.rec.mu.Lock()
	defer c.rec.mu.Unlock()
	text := ""
	if err != nil {
		a.facts.Error = err.Error()
		text = "handshake failed: " + err.Error()
	} else {
		a.complete(state, c.ours)
		text = "handshake finished " + a.facts.Version + " " + a.facts.Suite
	}
	c.rec.log.put(c.rec.draw(), results.Event{From: c.ours, Kind: results.EventTLS, Text: text})
}

// endpoint makes our end of TLS over the recorded connection.
func (c *Conn) endpoint(config *tls.Config, a *attempt) *tls.Conn {
	if config == nil {
		config = &tls.Config{}
	}
	tap := keyTap{conn: c, attempt: a, next: config.KeyLogWriter}
	under := below{Conn: c.raw, c: c}
	if c.ours == results.Client {
		own := config.Clone()
		own.KeyLogWriter = tap
		if own.ClientSessionCache != nil {
			own.ClientSessionCache = sessionTap{ClientSessionCache: own.ClientSessionCache, tap: tap}
		}
		return tls.Client(under, own)
	}
	return tls.Server(under, serverConfig(config, tap))
}

// serverConfig copies a server's config. The ticket keys that crypto/tls makes
// by itself belong to a config, and a copy that made its own would resume
// nothing; so tickets are left to the original.
func serverConfig(config *tls.Config, tap keyTap) *tls.Config {
	wrap, unwrap := config.WrapSession, config.UnwrapSession
	if wrap == nil {
		wrap = config.EncryptTicket
	}
	if unwrap == nil {
		unwrap = config.DecryptTicket
	}
	// The keys must exist before the copy is made: a config that
	// GetConfigForClient chooses may use the copy's.
	_, _ = config.DecryptTicket(nil, tls.ConnectionState{})
	own := config.Clone()
	own.KeyLogWriter = tap
	own.WrapSession = wrap
	own.UnwrapSession = func(ticket []byte, state tls.ConnectionState) (*tls.SessionState, error) {
		s, err := unwrap(ticket, state)
		tap.remember(s)
		return s, err
	}
	if choose := config.GetConfigForClient; choose != nil {
		own.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			chosen, err := choose(hello)
			if chosen == nil || err != nil {
				return nil, err
			}
			chosen = chosen.Clone()
			next := chosen.KeyLogWriter
			chosen.KeyLogWriter = keyTap{conn: tap.conn, attempt: tap.attempt, next: next}
			return chosen, nil
		}
	}
	return own
}
