package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
	"mailtls/results"
)

// Marks of the steps of clients that deliver by LMTP, those of the recipients in
// the order in which they are named.
const (
	markLhlo    = "lhlo"
	markLhloTLS = "lhlo-tls"
	markRcpt2   = "rcpt2"
	markRcpt3   = "rcpt3"
)

// lingering is how long a server may take to hand a message on to three mailboxes,
// and say so.
const lingering = 15 * time.Second

// lmtp holds the cases about local delivery. Servers of mailboxes take mail for
// them by it, and so do some that only receive.
func lmtp() []Case {
	onLMTP := func(script fakes.Script) []fakes.Dialogue {
		return []fakes.Dialogue{{Listener: fakes.ListenLMTP, Script: script}}
	}
	needs := []results.Feature{results.FeatureLMTP}
	return []Case{
		{
			ID: "lmtp/replies-missing", Row: "R-082",
			Title:    "Inside TLS each accepted recipient gets a reply of its own after DATA",
			Source:   Source{"RFC 2033 §4.2; RFC 3207 §4.2", "After the content there is one reply for each accepted recipient, in order, inside TLS as in clear."},
			Protocol: results.LMTP, Also: results.RoleAccessServer,
			Needs: needs, Levels: []LevelRule{must()},
			Dialogues: onLMTP(toThree()), Fence: true, Judge: judgeRepliesMissing,
		},
		{
			ID: "lmtp/injection", Row: "R-083",
			Title:    "LHLO in the segment of STARTTLS is not run inside TLS",
			Source:   Source{"RFC 3207 §4; RFC 3207 §4.2; CVE-2011-0411", "What came in clear does not count inside TLS; what follows STARTTLS in the buffer is not run."},
			Protocol: results.LMTP, Also: results.RoleAccessServer,
			Needs: needs, Levels: []LevelRule{must()},
			Dialogues: onLMTP(injectedBehind(fakes.Join(fakes.Greet(), fakes.Lhlo(markLhlo)), 0, "STARTTLS\r\nLHLO {helo2}\r\n")),
			Judge:     func(t *results.Transcript, _ results.Claims) results.Verdict { return notRun(t, markLhlo) },
		},
	}
}

// toThree delivers a message inside TLS to three recipients, the third being the
// first once more, which counts like any other (RFC 2033 §4.2). QUIT goes with the
// content, as a group may (RFC 2920 §3.1, which RFC 2033 §5 demands of every
// server): whatever stands before the answer to it is for the content, and nobody
// has to guess how long to wait for more.
func toThree() fakes.Script {
	return fakes.Join(
		fakes.Opening(fakes.ListenLMTP, true, broad()),
		fakes.Say(markMail, "250", "MAIL FROM:<{from}>\r\n"),
		fakes.Say(markRcpt, "", "RCPT TO:<{rcpt}>\r\n"),
		fakes.Say(markRcpt2, "", "RCPT TO:<{hidden}>\r\n"),
		fakes.Say(markRcpt3, "", "RCPT TO:<{rcpt}>\r\n"),
		fakes.Say(markData, "354", "DATA\r\n"),
		fakes.Script{{Mark: markBody, Do: fakes.MoveSend, Text: []string{"{message}\r\n.\r\nQUIT\r\n"}}},
		awaitClose(lingering),
	)
}

func judgeRepliesMissing(t *results.Transcript, _ results.Claims) results.Verdict {
	s, v, ok := reach(t, "", markGreeting, markLhlo, markStartTLS, markHandshake, markLhloTLS, markMail)
	if !ok {
		return v
	}
	to := acceptedLocally(s)
	if len(to) < 2 {
		return inconclusive("%d of 3 recipients were accepted: the first got %s", len(to), reply(s, markRcpt))
	}
	if a := reply(s, markData); !a.is("354") {
		return inconclusive("DATA got %s", a)
	}
	want := fmt.Sprintf("%d replies to the content, one for each accepted recipient and in their order, before 221 to QUIT", len(to))
	all, refs := replies(s, markBody)
	got := fmt.Sprintf("the content and QUIT got %s (%s)", said(all), ending(s))
	n := slices.IndexFunc(all, func(r dialect.Reply) bool { return r.Code == "221" })
	over := n >= 0
	if !over {
		n = len(all)
	}
	switch at := outOfTurn(all[:n], to); {
	case n < len(to) && !over && (n == 0 || !gone(s)), hasCode(all[:n], "421"):
		return inconclusive("%s", got)
	case n != len(to):
		return fail(want, fmt.Sprintf("recipients: %d, replies for them: %d; %s", len(to), n, got), refs...)
	case at >= 0:
		return fail(want, fmt.Sprintf("reply %d is for another recipient than %s: %q", at+1, to[at], all[at]), refs...)
	}
	return pass(want, got, refs...)
}

// acceptedLocally are the recipients that a server accepted, in order and in lower
// case.
func acceptedLocally(s *results.Session) []string {
	var to []string
	for _, mark := range []string{markRcpt, markRcpt2, markRcpt3} {
		address, named := dialect.Path(commandUnder(s, mark).Argument, "TO")
		if named && reply(s, mark).is("250", "251") {
			to = append(to, strings.ToLower(address))
		}
	}
	return to
}

// outOfTurn is the first reply that names a recipient, and not the one whose turn it
// is; -1 when there is none. What a reply says behind its code is free: one that
// names nobody is in its place.
func outOfTurn(all []dialect.Reply, to []string) int {
	for i := range min(len(all), len(to)) {
		words := strings.FieldsFunc(strings.ToLower(strings.Join(all[i].Lines, " ")), func(r rune) bool { return strings.ContainsRune(` <>()[]:;,"'`, r) })
		names := func(address string) bool { return slices.Contains(words, address) }
		if slices.ContainsFunc(to, names) && !names(to[i]) {
			return i
		}
	}
	return -1
}
