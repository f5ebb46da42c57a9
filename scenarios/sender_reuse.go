package scenarios

import (
	"fmt"
	"slices"

	"mailtls/results"
)

// Policies that the cases of reuse are about.
var (
	underReuseInClear = Under{"opportunistic TLS, with connections that are shared", func(p results.SenderPolicy) bool { return p.Reuse && !p.Forbids() }}
	underReuseNoClear = Under{"mandatory TLS without verification, with connections that are shared", func(p results.SenderPolicy) bool { return p.Reuse && p.Forbids() && p.Verify == results.VerifyNone }}
	underReuseAny     = Under{"TLS without verification, with connections that are shared", func(p results.SenderPolicy) bool { return p.Reuse && p.Verify == results.VerifyNone }}
	underSingle       = Under{"TLS without verification, a connection for each message", func(p results.SenderPolicy) bool { return plainTLS(p) && p.Verify == results.VerifyNone }}
	underSingleVerify = Under{"verified TLS, a connection for each message", func(p results.SenderPolicy) bool { return plainTLS(p) && p.Verify != results.VerifyNone }}
	underSingleAnyTLS = Under{"TLS with any version, a connection for each message", func(p results.SenderPolicy) bool { return underSingle.Is(p) && p.Floor < "1.2" }}
	underSingleModern = Under{"TLS 1.2 or higher without verification, a connection for each message", func(p results.SenderPolicy) bool { return underSingle.Is(p) && p.Floor >= "1.2" }}
)

func plainTLS(p results.SenderPolicy) bool {
	return p.Level != results.LevelNone && !p.Reuse && !p.Credentials
}

// senderReuse holds what a sender carries from one connection or mail to another.
func senderReuse() []Case {
	class := Source{"CVE-2026-8286", "A connection is good for the demands under which it was made, and for no others."}
	// Mail is sent at once, for senders that share what waits together, and again one
	// after the other, for senders that keep connections for a while.
	shared := []Act{
		{Do: ActSubmit, Messages: 6}, {Do: ActSubmit, Domain: "second"}, {Do: ActTaken},
		{Do: ActSubmit}, {Do: ActTaken}, {Do: ActSubmit, Domain: "second"}, {Do: ActAwait},
	}
	oneByOne := []Act{{Do: ActSubmit}, {Do: ActAwait}, {Do: ActSubmit}, {Do: ActAwait}, {Do: ActSubmit, Domain: "second"}, {Do: ActAwait}}
	return []Case{
		{
			ID: "reuse/unverified-then-verified", Row: "S-100", Title: "A connection to a host whose certificate was not looked at carries no mail that demands it",
			Source: class, Levels: []LevelRule{must()}, Under: underReuseAny,
			Placements: []Placement{{Peer: "self-signed"}, {Domain: "second", Under: underVerified}}, Acts: shared, Judge: allOf(judgeApart),
		},
		{
			ID: "reuse/clear-then-mandatory", Row: "S-101", Title: "A connection that went on in clear carries no mail that demands TLS",
			Source: class, Levels: []LevelRule{must()}, Under: underReuseInClear,
			Placements: []Placement{{Peer: "starttls-454"}, {Domain: "second", Under: underReuseNoClear}}, Acts: shared, Judge: allOf(judgeApart),
		},
		{
			ID: "reuse/ticket-of-unverified-session", Row: "S-102", Title: "A session whose certificate was not looked at is not resumed for mail that demands it",
			Source: Source{"RFC 8446 §4.6.1", "What is resumed is the session as it was, with what was verified of it and what was not."},
			Levels: []LevelRule{must()}, Under: underSingle,
			Placements: []Placement{{Peer: "self-signed"}, {Domain: "second", Under: underSingleVerify}}, Acts: oneByOne, Judge: allOf(judgeTicket),
		},
		{
			ID: "reuse/ticket-and-other-certificate", Row: "S-104", Title: "What is made of a certificate that changes between resumptions",
			Source: Source{"RFC 8446 §4.6.1", "A resumed session shows no certificate; whether the host still has a good one is not seen."},
			Levels: []LevelRule{info()}, Under: underSingleVerify, Placements: at("opportunistic"),
			Acts: []Act{
				{Do: ActSubmit}, {Do: ActAwait}, {Do: ActSubmit}, {Do: ActAwait},
				{Do: ActSwitch, Host: "mx1", Peer: "self-signed", Tickets: true}, {Do: ActSubmit}, {Do: ActAwait},
			},
			Judge: allOf(judgeChanged),
		},
		{
			ID: "reuse/hundred-messages", Row: "S-105", Title: "A hundred messages over shared connections all go inside TLS, each in a transaction of its own",
			Source: Source{"RFC 5321 §4.1.1.5; RFC 5321 §4.1.4", "A transaction is ended by its content, RSET or EHLO, and the session goes on."},
			Levels: []LevelRule{must()}, Under: underReuse, Placements: at("opportunistic"),
			Acts: []Act{{Do: ActSubmit, Messages: 100}, {Do: ActAwait}}, Judge: allOf(judgeHundred, unmixed),
		},
		{
			ID: "reuse/ticket-below-the-floor", Row: "S-106", Title: "A session of TLS 1.1 is not resumed for mail that demands TLS 1.2",
			Source: Source{"RFC 9325 §3.4", "Resumption does not take a connection below what is demanded of a new one."},
			Levels: []LevelRule{should()}, Under: underSingleAnyTLS,
			Placements: []Placement{{Peer: "tls11-only"}, {Domain: "second", Under: underSingleModern}}, Acts: oneByOne, Judge: allOf(judgeFloor),
		},
	}
}

// carried are the submissions whose envelope was seen on a connection.
func (d *delivery) carried(known map[string]results.Submission) []results.Submission {
	var all []results.Submission
	for _, u := range d.turns {
		if u.verb == "RCPT" {
			all = append(all, named([]byte(u.argument), known)...)
		}
	}
	return all
}

// undone is the verdict where not all messages under the case's own policy arrived:
// the control is missing.
func undone(t *results.Transcript, claims results.Claims) (results.Verdict, bool) {
	for _, i := range of(t, false) {
		if f := fate(t, claims, i); f.ProvedBy != results.ProvedByDelivery {
			return inconclusive("a message under policy %s did not arrive: %s", t.Policy, saidOf(f)), true
		}
	}
	return results.Verdict{}, false
}

// judgeApart wants messages under one policy to share a connection, and none under
// another to be among them.
func judgeApart(t *results.Transcript, claims results.Claims) results.Verdict {
	known, control := canaries(t), 0
	var other string
	for _, i := range of(t, true) {
		other = t.Submissions[i].Policy
	}
	want := fmt.Sprintf("no connection that is shared between policy %s and policy %s", t.Policy, other)
	for _, d := range deliveries(t) {
		ours, theirs := 0, 0
		for _, s := range d.carried(known) {
			if s.Policy == "" || s.Policy == t.Policy {
				ours++
			} else {
				theirs++
			}
		}
		if ours > 0 && theirs > 0 {
			return fail(want, fmt.Sprintf("connection %d carried %d messages of the one and %d of the other", d.ID, ours, theirs), d.mails()...)
		}
		if ours > 1 {
			control = d.ID
		}
	}
	if control > 0 {
		return pass(want, fmt.Sprintf("messages under policy %s shared connection %d, without the others", t.Policy, control))
	}
	if v, bad := undone(t, claims); bad {
		return v
	}
	return moot("no two messages under policy " + t.Policy + " shared a connection")
}

// mails points at the MAIL commands of a connection.
func (d *delivery) mails() []results.EventRef {
	var refs []results.EventRef
	for _, u := range d.turnsOf("MAIL") {
		refs = append(refs, u.refs...)
	}
	return refs
}

// cameOn is the connection on which a message was taken; nil when it was not.
func cameOn(t *results.Transcript, all []*delivery, n int) *delivery {
	got := takings(t, all, t.Submissions[n].Canary)
	if len(got) == 0 {
		return nil
	}
	return got[0].delivery
}

// resumes tells whether any message under the case's own policy arrived in a
// session that was resumed.
func resumes(t *results.Transcript, all []*delivery) bool {
	return slices.ContainsFunc(of(t, false), func(n int) bool {
		d := cameOn(t, all, n)
		return d != nil && facts(d.Session).Resumed
	})
}

// noTicket is the verdict where there is nothing to be seen of tickets.
func noTicket(t *results.Transcript, claims results.Claims) results.Verdict {
	if v, bad := undone(t, claims); bad {
		return v
	}
	return moot("under policy " + t.Policy + " no session is resumed")
}

// judgeTicket wants mail that demands a certificate not to go to a host that has
// none, though a session with it could be resumed.
func judgeTicket(t *results.Transcript, claims results.Claims) results.Verdict {
	const want = "not sent: the host has no certificate that may be trusted"
	all := deliveries(t)
	if !resumes(t, all) {
		return noTicket(t, claims)
	}
	for _, n := range of(t, true) {
		f := fate(t, claims, n)
		switch {
		case f.Code == results.FateUnknown:
			return inconclusive("%s, and watching ended (%s)", saidOf(f), t.Ended.Why)
		case f.ProvedBy == results.ProvedByDelivery:
			d := cameOn(t, all, n)
			return fail(want, fmt.Sprintf("%s; the session was resumed: %v", saidOf(f), facts(d.Session).Resumed), d.mails()...)
		}
		return pass(want, saidOf(f)+"; under policy "+t.Policy+" sessions are resumed")
	}
	return inconclusive("nothing was submitted under the other policy")
}

// judgeChanged takes down what became of a message for which a session was at hand
// from before the certificate changed.
func judgeChanged(t *results.Transcript, claims results.Claims) results.Verdict {
	const want = "verified again, or resumed as it was"
	all, last := deliveries(t), len(t.Submissions)-1
	if last < 2 {
		return inconclusive("only %d messages were submitted", last+1)
	}
	if d := cameOn(t, all, 1); d == nil || !facts(d.Session).Resumed {
		return moot("under policy " + t.Policy + " no session is resumed")
	}
	f, d := fate(t, claims, last), cameOn(t, all, last)
	if d != nil && facts(d.Session).Resumed {
		return note(want, "resumed, without a look at the new certificate; "+saidOf(f), d.mails()...)
	}
	return note(want, "not resumed; "+saidOf(f))
}

// unmixed is the check that EHLO inside TLS comes before the first transaction of a
// connection, and each transaction is over before the next begins.
func unmixed(t *results.Transcript, _ results.Claims) (results.Verdict, bool) {
	const want = "EHLO inside TLS first, and each transaction over before the next begins"
	for _, d := range deliveries(t) {
		greeted, open := false, false
		for _, u := range d.turns {
			switch u.verb {
			case "EHLO", "HELO":
				greeted, open = greeted || u.secure, false
			case "RSET":
				open = false
			case "MAIL":
				if open || u.secure && !greeted {
					return fail(want, fmt.Sprintf("MAIL on connection %d: EHLO inside TLS %v, a transaction open %v", d.ID, greeted, open), u.refs...), true
				}
				open = u.code == "250"
			case "DATA", "BDAT":
				open = false // it ends with the reply to the content
			}
		}
	}
	return results.Verdict{}, false
}

// judgeHundred wants all messages inside TLS, some of them on the same connection.
func judgeHundred(t *results.Transcript, claims results.Claims) results.Verdict {
	all, used := deliveries(t), map[int]int{}
	want := fmt.Sprintf("%d messages inside TLS, over shared connections", len(t.Submissions))
	for n := range t.Submissions {
		f := fateAmong(t, claims, all, n)
		switch {
		case f.Code == results.FateUnknown:
			return lost(t, claims, f)
		case !f.Code.Encrypted():
			return fail(want, saidOf(f))
		}
		used[cameOn(t, all, n).ID]++
	}
	if len(used) == len(t.Submissions) {
		return moot("no two messages under policy " + t.Policy + " shared a connection")
	}
	return pass(want, fmt.Sprintf("%d connections carried them", len(used)))
}

// judgeFloor wants mail that demands TLS 1.2 not to go inside TLS 1.1, though a
// session of that could be resumed.
func judgeFloor(t *results.Transcript, claims results.Claims) results.Verdict {
	const want = "not sent inside TLS 1.1"
	all := deliveries(t)
	if !resumes(t, all) {
		return noTicket(t, claims)
	}
	for _, n := range of(t, true) {
		f := fate(t, claims, n)
		switch {
		case f.Code == results.FateUnknown:
			return inconclusive("%s, and watching ended (%s)", saidOf(f), t.Ended.Why)
		case f.Code == results.FateTLS11:
			return fail(want, saidOf(f), cameOn(t, all, n).mails()...)
		}
		return pass(want, saidOf(f)+"; under policy "+t.Policy+" sessions of TLS 1.1 are resumed")
	}
	return inconclusive("nothing was submitted under the other policy")
}
