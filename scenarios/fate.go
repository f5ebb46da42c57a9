package scenarios

import (
	"fmt"
	"strings"
	"time"

	"mailtls/results"
)

// policyOf is the policy under which a message was submitted.
func policyOf(t *results.Transcript, s results.Submission, claims results.Claims) results.SenderPolicy {
	name := s.Policy
	if name == "" {
		name = t.Policy
	}
	p, _ := claims.Policy(name)
	return p
}

// mine is the policy that the case is played under.
func mine(t *results.Transcript, claims results.Claims) results.SenderPolicy {
	p, _ := claims.Policy(t.Policy)
	return p
}

// Fate is what became of the message of a sender case; nil when none was submitted,
// or several.
func Fate(t *results.Transcript, claims results.Claims) *results.Fate {
	if len(t.Submissions) != 1 {
		return nil
	}
	f := fate(t, claims, 0)
	return &f
}

// fate is what became of the n-th message.
func fate(t *results.Transcript, claims results.Claims, n int) results.Fate {
	return fateAmong(t, claims, deliveries(t), n)
}

// fateAmong is fate, for a caller that has the deliveries at hand.
func fateAmong(t *results.Transcript, claims results.Claims, all []*delivery, n int) results.Fate {
	s := t.Submissions[n]
	p := policyOf(t, s, claims)
	f := results.Fate{Code: results.FateUnknown, Connections: len(all), Seconds: (t.Ended.At - s.At).Seconds()}
	if got := takings(t, all, s.Canary); len(got) > 0 {
		a := got[0]
		// It may have arrived before the reply to its submission did.
		f.Seconds, f.ProvedBy = max(0, (a.at-s.At).Seconds()), results.ProvedByDelivery
		f.Code, f.TLS = how(t, a, all, p)
		f.Connections = 0
		for _, d := range all {
			if d.began <= a.began {
				f.Connections++
			}
		}
		return f
	}
	if n, found := returned(t, s); found {
		f.Seconds, f.DSN = (n.At - s.At).Seconds(), strings.TrimSpace(n.Status+" "+n.Diagnostic)
		f.Code = results.FateBounced
		if life := p.Lifetime(); life > 0 && n.At-s.At >= expired(life) && !refusedLate(s, all, n, life) {
			f.Code, f.ProvedBy = results.FateDeferred, results.ProvedByDSN
		}
		return f
	}
	if got := takings(t, legs(t, results.LegDrain), s.Canary); len(got) > 0 {
		f.Code, f.ProvedBy, f.Seconds = results.FateDeferred, results.ProvedByDrain, (got[0].at - s.At).Seconds()
	}
	return f
}

// refusedLate tells that a message was given back for a refusal that is final (5yz,
// RFC 5321 §4.2.1) at its first attempt, which came when its lifetime was nearly over:
// it was not kept, it had to wait for the queue.
func refusedLate(s results.Submission, all []*delivery, n results.DSN, lifetime time.Duration) bool {
	_, reply, _ := strings.Cut(n.Diagnostic, ";")
	return len(all) > 0 && all[0].began-s.At >= expired(lifetime) && strings.HasPrefix(strings.TrimSpace(reply), "5")
}

// expired is the age from which a message that is given back was kept for its
// lifetime: a sender looks at it only now and then.
func expired(lifetime time.Duration) time.Duration { return lifetime * 8 / 10 }

// returned finds the notification that a message was given back.
func returned(t *results.Transcript, s results.Submission) (results.DSN, bool) {
	for _, n := range t.DSNs {
		if strings.EqualFold(n.Action, "failed") && strings.Contains(n.Recipient, s.Canary) {
			return n, true
		}
	}
	return results.DSN{}, false
}

// how a message went that arrived.
func how(t *results.Transcript, a taking, all []*delivery, p results.SenderPolicy) (results.FateCode, string) {
	if a.secure {
		v := facts(a.Session).Version
		return map[string]results.FateCode{
			"1.0": results.FateTLS10, "1.1": results.FateTLS11, "1.2": results.FateTLS12, "1.3": results.FateTLS13,
		}[v], v
	}
	first := true
	for i, group := range attempts(t, all, p) {
		for _, d := range group {
			switch {
			case d.ID != a.ID:
				first = false
				continue
			case d.asked(), first && !d.offered && p.Level != results.LevelNone:
				return results.FatePlainSame, ""
			case first, p.Level == results.LevelNone:
				return results.FatePlain, ""
			case i == 0:
				return results.FatePlainNew, ""
			}
			return results.FatePlainLater, ""
		}
	}
	return results.FatePlain, ""
}

// saidOf says a fate in words, for verdicts.
func saidOf(f results.Fate) string {
	var what string
	switch f.Code {
	case results.FatePlain:
		what = "sent in clear without trying TLS"
	case results.FatePlainSame:
		what = "sent in clear on the same connection"
	case results.FatePlainNew:
		what = "sent in clear on a new connection in the same attempt"
	case results.FatePlainLater:
		what = "sent in clear in a later attempt"
	case results.FateTLS10, results.FateTLS11, results.FateTLS12, results.FateTLS13:
		what = "sent in TLS " + f.TLS
	case results.FateDeferred:
		what = "deferred, and given back when its lifetime was over"
		if f.ProvedBy == results.ProvedByDrain {
			what = "deferred: it came once the peer was honest"
		}
	case results.FateBounced:
		what = "given back"
	case results.FateUnknown:
		return fmt.Sprintf("neither delivered nor given back within %.0f s, %d connections", f.Seconds, f.Connections)
	}
	what += fmt.Sprintf(" (%s) after %.1f s, %d connections", f.Code, f.Seconds, f.Connections)
	if f.DSN != "" {
		what += ", with " + f.DSN
	}
	return what
}

// reactionOf is the fate as a reaction; empty when the message went inside TLS,
// or its fate is not known.
func reactionOf(f results.Fate) results.Reaction {
	switch f.Code {
	case results.FatePlain, results.FatePlainSame:
		return results.ReactClearSame
	case results.FatePlainNew:
		return results.ReactClearNew
	case results.FatePlainLater:
		return results.ReactClearLater
	case results.FateDeferred:
		return results.ReactDefer
	case results.FateBounced:
		return results.ReactBounce
	case results.FateTLS10, results.FateTLS11, results.FateTLS12, results.FateTLS13, results.FateUnknown:
	}
	return ""
}
