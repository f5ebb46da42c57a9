package scenarios

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"mailtls/results"
)

// Handed is what became of the message of a transcript whose deliveries were seen
// on their way, by a box that cannot look into TLS, and which counts as delivered
// when it was read back behind the receiver. It is nil when none was submitted.
func Handed(t *results.Transcript, claims results.Claims) *results.Fate {
	if len(t.Submissions) == 0 {
		return nil
	}
	s, all := t.Submissions[0], deliveries(t)
	at, found := readBack(t, s.Canary)
	d, secure := carrier(all, s.Canary, at)
	if !found || d == nil {
		f := fateAmong(t, claims, all, 0)
		return &f
	}
	f := results.Fate{Seconds: max(0, (at - s.At).Seconds()), ProvedBy: results.ProvedByDelivery}
	f.Code, f.TLS = how(t, taking{delivery: d, at: at, secure: secure}, all, policyOf(t, s, claims))
	for _, one := range all {
		if one.began <= d.began {
			f.Connections++
		}
	}
	return &f
}

// readBack is when the message with the canary arrived behind the receiver.
func readBack(t *results.Transcript, canary string) (time.Duration, bool) {
	for _, m := range t.Messages {
		if !slices.ContainsFunc(m.To, func(to string) bool { return strings.HasPrefix(to, canary) }) {
			continue
		}
		for _, s := range t.Sessions {
			if s.ID == m.Session && s.Leg == results.LegReadback {
				return s.EndAt, true
			}
		}
	}
	return 0, false
}

// carrier is the connection that the message went over which arrived by the time:
// one that shows its content in clear, and else the last one before it whose
// handshake had come to an answer. It is nil where neither is seen.
func carrier(all []*delivery, canary string, by time.Duration) (d *delivery, secure bool) {
	for _, one := range all {
		if one.began <= by && showsContent(one, canary) {
			return one, false
		}
	}
	for _, one := range all {
		if one.began <= by && facts(one.Session).Version != "" {
			d = one
		}
	}
	return d, true
}

// showsContent tells whether the message with the canary was taken over in clear.
func showsContent(d *delivery, canary string) bool {
	sent := false
	for _, e := range d.Events {
		if e.Kind != results.EventData || e.Stage != results.StageBody && e.Stage != results.StageBdat {
			continue
		}
		sent = sent || e.From == results.Client && bytes.Contains(shown(e), []byte(canary))
		if sent && e.From == results.Server && bytes.HasPrefix(shown(e), []byte("2")) {
			return true
		}
	}
	return false
}
