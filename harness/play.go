package harness

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/sender"
	"mailtls/results"
	"mailtls/scenarios"
)

// playCase plays one receiver case: an ordinary conversation, the dialogues, the
// fence and what follows from it, and an ordinary conversation again.
func (w *world) playCase(ctx context.Context, u *unit) {
	u.start = time.Now()
	u.began = u.start.Sub(w.epoch)
	defer func() { u.took = time.Since(u.start) }()
	t := &u.transcript
	*t = results.Transcript{
		Case: u.ID, Target: w.id.String(), Version: w.id.Version,
		Started: u.start.UTC(), Window: u.WatchTime(), ClockFactor: w.factor,
	}
	watching, cancel := context.WithTimeout(ctx, u.WatchTime())
	defer cancel()
	if t.Sanity.Before = w.sane(watching, u, "sanity-before"); t.Sanity.Before != results.SanityOK {
		w.end(ctx, u, results.EndWindow)
		return
	}
	for _, d := range u.Dialogues {
		w.hold(watching, u, d)
	}
	why := results.EndSettled
	if u.Fence && w.claims.Has(results.FeatureReadback) {
		why = w.settle(watching, u)
	}
	t.Sanity.After = w.sane(ctx, u, "sanity-after")
	w.end(ctx, u, why)
}

// end notes why watching ended, and takes over what was read back until then.
func (w *world) end(ctx context.Context, u *unit, why results.EndReason) {
	if ctx.Err() != nil {
		why = results.EndInterrupted
	}
	u.transcript.Ended = results.Ended{Why: why, At: time.Since(u.start)}
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	u.takeReadback()
}

// takeReadback moves what the ledger has shared out into the transcript; the
// ledger's lock is held.
func (u *unit) takeReadback() {
	for _, r := range u.readback {
		id := u.add(r.session)
		for _, a := range r.arrivals {
			u.transcript.Messages = append(u.transcript.Messages, results.Message{
				Session: id, Mark: a.message.Mark, From: a.message.From, To: a.message.To, Fence: a.fence,
				BodyLength: a.bodyLength, BodySHA256: a.bodySHA256,
			})
		}
	}
	u.readback = nil
}

// add puts a session into the transcript and returns its ID there.
func (u *unit) add(s results.Session) int {
	u.sessions++
	s.ID = u.sessions
	u.transcript.Sessions = append(u.transcript.Sessions, s)
	return s.ID
}

// store is the named store of TLS sessions; nil for no name.
func (u *unit) store(name string) *sender.Tickets {
	if name == "" {
		return nil
	}
	if u.tickets[name] == nil {
		u.tickets[name] = &sender.Tickets{}
	}
	return u.tickets[name]
}

// session plays one session of a dialogue.
func (w *world) session(ctx context.Context, u *unit, peer string, d fakes.Dialogue, vars fakes.Vars) results.Session {
	l, addr := w.listener(d.Listener)
	host, _, _ := net.SplitHostPort(addr)
	s := sender.Play(ctx, sender.Session{
		Peer: peer, Script: d.Script, Listener: l, Addr: addr, From: ownAddress(host, u.from),
		Tickets: u.store(d.Tickets), Certificate: w.running.ClientCert, UsualCert: w.usualCert(),
		ServerName: w.serverName(), Roots: w.running.Roots, Wall: u.start, Vars: vars, Canary: u.canary,
		Hide: map[string]string{w.password: "<password>"}, Patience: w.Patience,
		Now: func() time.Duration { return time.Since(u.start) }, KeyLog: w.KeyLog,
	})
	s.Leg = results.LegProbe
	return s
}

// listener finds the address of a listener; submission falls back to smtp, for
// targets that log in on their only listener.
func (w *world) listener(l fakes.Listener) (fakes.Listener, string) {
	if l == "" {
		l = fakes.ListenSMTP
	}
	addr, found := w.running.Addrs[l]
	if !found && l == fakes.ListenSubmission {
		l = fakes.ListenSMTP
		addr = w.running.Addrs[l]
	}
	return l, addr
}

// serverName is the name that our peers ask for.
func (w *world) serverName() string {
	if w.running.ServerName != "" {
		return w.running.ServerName
	}
	return "mx." + w.domain
}

// usualCert is the client certificate that sessions show to a target which asks
// for one, unless their script names another.
func (w *world) usualCert() fakes.Cert {
	if w.claims.Has(results.FeatureMTLS) && w.running.ClientCert != nil {
		return fakes.CertClient
	}
	return ""
}

// ownAddress is the case's own source address where the target is on this
// machine, and the system's choice else.
func ownAddress(host string, own netip.Addr) netip.Addr {
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.Is4() || !ip.IsLoopback() {
		return netip.Addr{}
	}
	return own
}

// sane holds an ordinary conversation on each listener of the case, and returns
// "ok" or what went wrong; the session is kept where it failed.
func (w *world) sane(ctx context.Context, u *unit, peer string) string {
	seen := map[fakes.Listener]bool{}
	for _, d := range u.Dialogues {
		l, addr := w.listener(d.Listener)
		if seen[l] {
			continue
		}
		seen[l] = true
		if addr == "" {
			return fmt.Sprintf("the target has no %s listener", l)
		}
		script := scenarios.Sanity(l, w.claims)
		s := w.session(ctx, u, peer, fakes.Dialogue{Listener: l, Script: script}, u.vars(w, false))
		if s.End != results.EndOurs {
			u.add(s)
			return fmt.Sprintf("%s on %s: %s", s.End, l, s.LastNote())
		}
	}
	return results.SanityOK
}
