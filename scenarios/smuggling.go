package scenarios

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
	"mailtls/results"
)

// HiddenMark follows the canary in the recipient of a message that stands inside
// another one.
const HiddenMark = "-hidden"

// smuggling holds the cases about line ends that hide a message in another: a
// sender writes what only its victim takes for the end of a message, and then
// commands of its own.
//
// Whether two messages came of it is told by what was read back, and by the
// replies: a 2xx or 3xx behind the message can only answer a hidden command. Where
// nothing can be read back the replies are all there is; they miss a target that
// takes one message and hands it on as two.
func smuggling() []Case {
	var all []Case
	for _, end := range []struct {
		id, shown, bytes, cve string
	}{
		{"lf-dot-lf", "LF.LF", "\n.\n", "CVE-2023-51764"},
		{"lf-dot-crlf", "LF.CRLF", "\n.\r\n", "CVE-2023-51766"},
		{"cr-dot-cr", "CR.CR", "\r.\r", "CVE-2024-27305"},
		{"crlf-dot-lf", "CRLF.LF", "\r\n.\n", "CVE-2023-51765"},
		{"nul-dot", "CRLF NUL.CRLF", "\r\n\x00.\r\n", ""},
	} {
		for _, layer := range []struct {
			id, shown string
			open      fakes.Script
			needs     results.Feature
		}{
			{"clear", "in clear", greeted(), results.FeaturePublicMX},
			{"tls", "inside TLS", inside(), results.FeatureStartTLS},
		} {
			all = append(all, Case{
				ID: "smuggling/" + end.id + "/" + layer.id, Row: "R-089",
				Title: end.shown + " does not end a message " + layer.shown,
				Source: Source{strings.TrimSuffix("RFC 5321 §2.3.8; RFC 5321 §4.1.1.4; "+end.cve, "; "),
					"Only CRLF ends a line and only CRLF.CRLF a message, which is taken or refused as a whole."},
				Needs: []results.Feature{layer.needs}, Levels: []LevelRule{must()},
				Dialogues: one(layer.open, hidden(end.bytes)),
				Fence:     true,
				Intrusive: true,
				Judge:     judgeHidden,
			})
		}
	}
	return append(all, Case{
		ID: "smuggling/differs-in-tls", Row: "R-090",
		Title:  "Bare CR and LF in a message get the same answer inside TLS as in clear",
		Source: Source{"RFC 5321 §2.3.8; RFC 5321 §4.1.1.4", "What ends a line and a message does not depend on what carries it."},
		Needs:  []results.Feature{results.FeatureStartTLS, results.FeaturePublicMX}, Levels: []LevelRule{should()},
		Dialogues: []fakes.Dialogue{
			{Name: "lf-clear", Script: fakes.Join(greeted(), hidden("\n.\n"))},
			{Name: "lf-tls", Script: fakes.Join(inside(), hidden("\n.\n"))},
			{Name: "cr-clear", Script: fakes.Join(greeted(), hidden("\r.\r"))},
			{Name: "cr-tls", Script: fakes.Join(inside(), hidden("\r.\r"))},
		},
		Fence: true, Intrusive: true,
		Judge: judgeDiffersInTLS,
	})
}

// hidden hands over a message with another one inside, behind what is no end of
// a message, all in one segment; then it says QUIT and waits for the close, so
// that every reply is seen.
func hidden(end string) fakes.Script {
	const inner = "MAIL FROM:<{from}>\r\nRCPT TO:<{hidden}>\r\nDATA\r\n" +
		"From: <{from}>\r\nTo: <{hidden}>\r\nSubject: mailtls {canary}" + HiddenMark + "\r\n\r\n" +
		"This message was hidden in another one.\r\n.\r\n"
	return fakes.Join(
		fakes.Say(markMail, "250", "MAIL FROM:<{from}>\r\n"),
		fakes.Say(markRcpt, "250", "RCPT TO:<{rcpt}>\r\n"),
		fakes.Say(markData, "354", "DATA\r\n"),
		fakes.Say(markBody, "", "{message}"+end+inner),
		fakes.Script{{Mark: markQuit, Do: fakes.MoveSend, Text: []string{"QUIT\r\n"}}},
		awaitClose(closing),
	)
}

// beforeBody are the marks up to the content of a message.
func beforeBody(secure bool) []string {
	marks := []string{markGreeting, markEhlo}
	if secure {
		marks = append(marks, markStartTLS, markHandshake, markEhloTLS)
	}
	return append(marks, markMail, markRcpt, markData)
}

func judgeHidden(t *results.Transcript, claims results.Claims) results.Verdict {
	const want = "one message, with one reply; or a refusal"
	s := probe(t, "")
	s, v, ok := reach(t, "", beforeBody(s != nil && marked(s, markHandshake))...)
	if !ok {
		return v
	}
	first, more := answersTo(s)
	got := "the message got " + first.String()
	if len(more) > 0 {
		got += ", and behind it came " + codes(more)
	}
	for _, m := range mail(t) {
		if isHidden(m) {
			return fail(want, got+"; the hidden message arrived", append(first.refs, bodyRef(t, m))...)
		}
	}
	switch {
	case hasCode(more, "354"):
		return fail(want, got+": the hidden DATA was run", first.refs...)
	case hasClass(more, '2', '3'):
		return fail(want, got+": a hidden command was carried out", first.refs...)
	case first.is("4"):
		return inconclusive("the message got a temporary refusal: %s", first)
	case first.is("5"):
		return pass(want, got, first.refs...)
	case !first.found && gone(s):
		return nonstrict("the connection was ended without a reply", want, got, first.refs...)
	case !first.is("2"):
		return inconclusive("the message got %s", first)
	case hasClass(more, '4'):
		return inconclusive("%s: a hidden command was put off", got)
	case len(more) > 0:
		return nonstrict("the message was ended too early; what stood behind was refused", want, got, first.refs...)
	}
	return takenWhole(t, claims, want, got, first)
}

// takenWhole is the verdict on a message that was taken with one reply.
func takenWhole(t *results.Transcript, claims results.Claims, want, got string, first answer) results.Verdict {
	switch {
	case !claims.Has(results.FeatureReadback):
		return pass(want, got+"; what became of it cannot be read back", first.refs...)
	case len(mail(t)) == 0:
		return inconclusive("%s and never arrived", got)
	}
	return pass(want, got+", and arrived", append(first.refs, bodyRef(t, mail(t)[0]))...)
}

func judgeDiffersInTLS(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "the same replies inside TLS as in clear"
	var got []string
	var refs []results.EventRef
	same := true
	for _, kind := range []string{"lf", "cr"} {
		var seen [2]string
		for i, layer := range []string{"clear", "tls"} {
			s, v, ok := reach(t, kind+"-"+layer, beforeBody(layer == "tls")...)
			if !ok {
				return v
			}
			first, more := answersTo(s)
			if first.is("4") || !first.found && !gone(s) {
				return inconclusive("%s, %s: the message got %s", kind, layer, first)
			}
			seen[i] = "no reply"
			if first.found {
				seen[i] = codes(append([]dialect.Reply{first.Reply}, more...))
			}
			refs = append(refs, first.refs...)
		}
		same = same && seen[0] == seen[1]
		got = append(got, fmt.Sprintf("bare %s: %s in clear, %s inside TLS", strings.ToUpper(kind), seen[0], seen[1]))
	}
	if !same {
		return fail(want, strings.Join(got, "; "), refs...)
	}
	return pass(want, strings.Join(got, "; "), refs...)
}

// answersTo are the reply to the message of a session, and the replies that came
// behind it to anything but QUIT.
func answersTo(s *results.Session) (first answer, more []dialect.Reply) {
	first = reply(s, markBody)
	if !first.found {
		return first, nil
	}
	late, _ := heard(s, markQuit, first.secure)
	rest := bytes.Join([][]byte{first.rest, late}, nil)
	for {
		r, behind, err := dialect.CutReply(rest)
		if err != nil {
			return first, more
		}
		if r.Code != "221" && r.Code != "421" {
			more = append(more, r)
		}
		rest = behind
	}
}

// isHidden tells whether a message is the one that stood inside another.
func isHidden(m results.Message) bool {
	for _, to := range m.To {
		if local, _, _ := strings.Cut(to, "@"); strings.HasSuffix(local, HiddenMark) {
			return true
		}
	}
	return false
}

// codes lists the codes of replies.
func codes(replies []dialect.Reply) string {
	var all []string
	for _, r := range replies {
		all = append(all, r.Code)
	}
	return strings.Join(all, " ")
}

func hasClass(replies []dialect.Reply, classes ...byte) bool {
	for _, r := range replies {
		if slices.Contains(classes, r.Class()) {
			return true
		}
	}
	return false
}

func hasCode(replies []dialect.Reply, code string) bool {
	for _, r := range replies {
		if r.Code == code {
			return true
		}
	}
	return false
}
