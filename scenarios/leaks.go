package scenarios

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mailtls/fakes"
	"mailtls/results"
)

// leaks finds what a sender let out that the policy of its message forbids: under
// mandatory TLS every byte of envelope, content and credentials in clear, and
// where the policy demands a certificate also what went inside TLS to a peer that
// has none it may trust. All connections count, retries and fallbacks included;
// what comes once the peer was turned honest does not.
func leaks(t *results.Transcript, claims results.Claims) (bytes int64, refs []results.EventRef) {
	all, known := deliveries(t), canaries(t)
	for _, d := range all {
		marked := submissionsOn(d, known)
		for i, e := range d.Events {
			s, found := marked[e.Mark]
			if !found {
				s = strictest(t, claims, marked)
			}
			p := policyOf(t, s, claims)
			if e.From != results.Client || e.Kind != results.EventData || !p.Forbids() || e.Secure && trustedBy(d, all, p.Verify, domainOf(s)) {
				continue
			}
			if n := private(e, known); n > 0 {
				bytes += n
				refs = append(refs, results.EventRef{Session: d.ID, Event: i})
			}
		}
	}
	return bytes, refs
}

// canaries are the submissions of a transcript by canary.
func canaries(t *results.Transcript) map[string]results.Submission {
	known := map[string]results.Submission{}
	for _, s := range t.Submissions {
		known[s.Canary] = s
	}
	return known
}

// named finds the submissions whose canary stands in some text.
func named(text []byte, known map[string]results.Submission) []results.Submission {
	var found []results.Submission
	for _, word := range bytes.FieldsFunc(text, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
		if s, ok := known[string(word)]; ok {
			found = append(found, s)
		}
	}
	return found
}

// submissionsOn are the messages on a connection, by mark.
func submissionsOn(d *delivery, known map[string]results.Submission) map[string]results.Submission {
	marks := map[string]results.Submission{}
	for _, e := range d.Events {
		if e.From != results.Client || e.Kind != results.EventData || e.Mark == "" {
			continue
		}
		for _, s := range named(shown(e), known) {
			marks[e.Mark] = s
		}
	}
	return marks
}

// strictest is the message that what belongs to none is held against: one whose
// policy forbids mail in clear if such a one is on the connection, else any of the
// case's own policy.
func strictest(t *results.Transcript, claims results.Claims, on map[string]results.Submission) results.Submission {
	var s results.Submission
	if len(t.Submissions) > 0 {
		s = t.Submissions[0]
	}
	s.Policy = t.Policy
	main := mine(t, claims)
	for _, mark := range slices.Sorted(maps.Keys(on)) {
		if p := policyOf(t, on[mark], claims); p.Forbids() && (!main.Forbids() || main.Verify == results.VerifyNone) {
			main, s = p, on[mark]
		}
	}
	return s
}

// domainOf is the recipient's domain.
func domainOf(s results.Submission) string {
	_, domain, _ := strings.Cut(s.Recipient, "@")
	return strings.ToLower(domain)
}

// private counts the bytes of an event that are envelope, content or credentials.
func private(e results.Event, known map[string]results.Submission) int64 {
	size := int64(len(e.Bytes))
	if e.Digest != nil {
		size = e.Digest.Length
	}
	switch e.Stage {
	case results.StageMail, results.StageRcpt, results.StageData, results.StageBody, results.StageBdat:
		return size
	case results.StageAuth:
		// A mechanism's name alone gives nothing away.
		if line := strings.Fields(string(shown(e))); len(line) == 2 && strings.EqualFold(line[0], "AUTH") {
			return 0
		}
		return size
	default:
	}
	if len(named(shown(e), known)) > 0 {
		return size
	}
	return 0
}

// trustedBy tells whether what goes inside TLS on a connection is for somebody
// whom a policy may trust with mail for the domain: the peer has the certificate, or the session is resumed
// that was made when the host had it.
func trustedBy(d *delivery, all []*delivery, v results.Verify, domain string) bool {
	if trusted(d.Session, v, domain) {
		return true
	}
	return facts(d.Session).Resumed && slices.ContainsFunc(all, func(o *delivery) bool {
		return o.Host == d.Host && o.began < d.began && o.complete() && !facts(o.Session).Resumed && trusted(o.Session, v, domain)
	})
}

// trusted tells whether the peer of a session shows a certificate that may be
// trusted with mail for a domain by a policy; where that is open it is given the
// benefit of the doubt.
func trusted(s *results.Session, v results.Verify, domain string) bool {
	ok, known := trustOf(s, v, domain)
	return ok || !known
}

// trustOf is what the certificate of a session's peer is worth to a sender that
// has mail for a domain and verifies as v says (see fakes.Cert.TrustedBy). Where
// the recipient's domain is asked for, the name of a host elsewhere is none, and
// that of one below it is open: some take it for the domain's.
func trustOf(s *results.Session, v results.Verify, domain string) (trusted, known bool) {
	p, err := fakes.Receiver(s.Peer)
	if err != nil {
		return v == results.VerifyNone, v == results.VerifyNone
	}
	trusted, known = p.Cert.TrustedBy(v)
	host := strings.ToLower(s.Host)
	switch {
	case known || v != results.VerifyNextHop || host == "" || strings.HasSuffix(host, "."+domain):
		return trusted, known
	case host == domain:
		return p.Cert.TrustedBy(results.VerifyMXName)
	}
	return false, true
}

// bound adds to a verdict on a sender what holds in every case: nothing that the
// policy forbids is let out, and each message that was taken over arrives once or
// is given back. A verdict that points at nothing points at what decided the fate of
// the first message.
func bound(v results.Verdict, t *results.Transcript, claims results.Claims) results.Verdict {
	n, refs := leaks(t, claims)
	v.Leaked = n
	if n > 0 {
		where := deliveries(t)[0].Session
		if i := slices.IndexFunc(t.Sessions, func(s results.Session) bool { return s.ID == refs[0].Session }); i >= 0 {
			where = &t.Sessions[i]
		}
		return results.Verdict{
			Status: results.StatusFail, Level: results.Must, Leaked: n, Evidence: refs,
			Want: fmt.Sprintf("nothing of envelope, content and credentials where policy %s forbids it", t.Policy),
			Got:  fmt.Sprintf("%d bytes %s, first on the connection %d to %s", n, inWhat(t, refs[0]), where.ID, where.Peer),
		}
	}
	if len(v.Evidence) == 0 && v.Status.Executed() && len(t.Submissions) > 0 {
		v.Evidence = fateRefs(t)
	}
	if v.Status == results.StatusFail || v.Status == results.StatusError {
		return v
	}
	if bad, found := twice(t); found {
		bad.Level, bad.Status = results.Must, results.StatusFail
		return bad
	}
	return v
}

// inWhat says how something was let out.
func inWhat(t *results.Transcript, ref results.EventRef) string {
	for _, s := range t.Sessions {
		if s.ID == ref.Session && s.Events[ref.Event].Secure {
			return "inside TLS to a peer without a certificate to trust"
		}
	}
	return "in clear"
}

// unread tells whether the sender broke the session off before it can have read
// that the message was taken over, and so sends it again (RFC 5321 §4.5.3.2.6): it
// closed its side before the reply, or complained inside TLS and said nothing
// after the reply.
func unread(a taking) bool {
	broke := false
	for i, e := range a.Events {
		switch {
		case e.From != results.Client:
		case e.Kind == results.EventData && i > a.ref.Event:
			return false
		case e.Kind == results.EventAlert && e.Secure:
			broke = broke || i < a.ref.Event || !strings.Contains(e.Text, "close_notify")
		}
	}
	return broke
}

// twice finds a message that was taken over more than once, or taken over and
// given back.
func twice(t *results.Transcript) (results.Verdict, bool) {
	const want = "each message delivered once, or given back"
	all := deliveries(t)
	for _, s := range t.Submissions {
		got := slices.DeleteFunc(takings(t, all, s.Canary), unread)
		n, back := returned(t, s)
		switch {
		case len(got) > 1:
			return results.Verdict{Want: want, Got: fmt.Sprintf("message %s was taken over %d times", s.Canary, len(got)),
				Evidence: []results.EventRef{got[0].ref, got[1].ref}}, true
		case len(got) == 1 && back:
			return results.Verdict{Want: want, Got: fmt.Sprintf("message %s was taken over, and given back with %s", s.Canary, n.Status),
				Evidence: []results.EventRef{got[0].ref}}, true
		}
	}
	return results.Verdict{}, false
}
