package receiver

import (
	"crypto/rand"
	"crypto/tls"
	"sync"

	"mailtls/fakes"
)

// tickets are the TLS sessions that a server's clients may resume. The zero
// value is ready.
type tickets struct {
	// config holds the keys; nothing else of it is used.
	config tls.Config
	keyed  sync.Once

	mu sync.Mutex
	// remembered is what sessions knew of their clients, by the ID in their
	// tickets; only a profile that wrongly carries it over fills it.
	remembered map[string]client
}

// client is what a session knows of its client.
type client struct{ helo, user string }

// note is what our tickets carry besides the TLS session.
const note = "mailtls "

// issue has a configuration issue tickets and take them back, for the server
// name that they were issued under (RFC 6066 §3).
func (x *session) issue(c *tls.Config) {
	x.ticket = rand.Text()
	if x.TicketKey != nil {
		x.tickets.keyed.Do(func() { x.tickets.config.SetSessionTicketKeys([][32]byte{*x.TicketKey}) })
	}
	c.WrapSession = func(state tls.ConnectionState, s *tls.SessionState) ([]byte, error) {
		s.Extra = [][]byte{[]byte(note + x.ticket), []byte(state.ServerName)}
		return x.tickets.config.EncryptTicket(state, s)
	}
	c.UnwrapSession = func(identity []byte, state tls.ConnectionState) (*tls.SessionState, error) {
		s, err := x.tickets.config.DecryptTicket(identity, state)
		if s == nil || err != nil || len(s.Extra) < 2 {
			return nil, err
		}
		if string(s.Extra[1]) != state.ServerName && !x.Profile.Accepts(fakes.LenientTicketName) {
			return nil, nil
		}
		x.shown = string(s.Extra[0][len(note):])
		return s, nil
	}
}

// recall takes over what the session knew whose ticket was shown.
func (x *session) recall() {
	if !x.Profile.Keeps(fakes.KeepTicket) || !x.conn.ConnectionState().DidResume {
		return
	}
	x.tickets.mu.Lock()
	defer x.tickets.mu.Unlock()
	if c, found := x.tickets.remembered[x.shown]; found {
		x.helo, x.user = c.helo, c.user
	}
}

// remember keeps what is known of the client for whoever shows our ticket.
func (x *session) remember() {
	if !x.Profile.Keeps(fakes.KeepTicket) || !x.conn.Secure() {
		return
	}
	x.tickets.mu.Lock()
	defer x.tickets.mu.Unlock()
	if x.tickets.remembered == nil {
		x.tickets.remembered = map[string]client{}
	}
	x.tickets.remembered[x.ticket] = client{helo: x.helo, user: x.user}
}
