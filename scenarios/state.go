package scenarios

import (
	"bytes"
	"strings"

	"mailtls/fakes"
	"mailtls/results"
)

// state holds the cases about what a server must forget when TLS begins.
func state() []Case {
	return []Case{
		{
			ID: "state/helo-kept", Row: "R-012",
			Title:  "The name given in clear does not count inside TLS",
			Source: Source{"RFC 3207 §4.2; RFC 5321 §4.1.4", "What the client said before TLS, its name included, is forgotten; MAIL without EHLO is out of order, 503."},
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{should()},
			Dialogues: one(upgraded(), fakes.Transaction(), fakes.Quit()),
			Fence:     true,
			Judge:     judgeHeloKept,
		},
		{
			ID: "state/helo-in-trace", Row: "R-013",
			Title:  "The trace header names what the client said inside TLS",
			Source: Source{"RFC 3207 §4.2", "What the client said before TLS is forgotten; only the EHLO inside TLS counts."},
			Needs:  []results.Feature{results.FeatureStartTLS, results.FeatureReadback}, Levels: []LevelRule{must()},
			Dialogues: one(upgraded(), fakes.Say(markEhloTLS, "250", "EHLO {helo2}\r\n"), fakes.Transaction(), fakes.Quit()),
			Fence:     true,
			Judge:     judgeHeloInTrace,
		},
		{
			ID: "state/envelope-kept", Row: "R-014",
			Title:  "Sender and recipient given in clear are forgotten inside TLS",
			Source: Source{"RFC 3207 §4.2; RFC 5321 §4.1.4", "What the client said before TLS is forgotten; DATA without a transaction is out of order, 503."},
			Needs:  []results.Feature{results.FeatureStartTLS, results.FeaturePublicMX}, Levels: []LevelRule{must()},
			Dialogues: one(greeted(), fakes.Say(markMail, "250", "MAIL FROM:<{from}>\r\n"), fakes.Say(markRcpt, "250", "RCPT TO:<{rcpt}>\r\n"),
				fakes.StartTLS(), fakes.Handshake(broad()), fakes.Ehlo(markEhloTLS),
				fakes.Say(markData, "354", "DATA\r\n"), fakes.Say(markBody, "250", "{message}\r\n.\r\n"), fakes.Quit()),
			Fence: true,
			Judge: judgeEnvelopeKept,
		},
	}
}

func judgeHeloKept(t *results.Transcript, claims results.Claims) results.Verdict {
	const want = "503 to MAIL without EHLO, or a message without a trace of the name given in clear"
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS, markHandshake)
	if !ok {
		return v
	}
	a, taken := reply(s, markMail), reply(s, markBody)
	switch {
	case a.is("503"):
		return pass(want, "MAIL got "+a.String(), a.refs...)
	case !a.is("2"):
		return nonstrict("refused, but not with 503", want, "MAIL got "+a.String(), a.refs...)
	case !taken.is("2"):
		return nonstrict("MAIL was accepted", want, "MAIL got "+a.String()+"; the message was not taken: "+lastWords(s), a.refs...)
	case !claims.Has(results.FeatureReadback):
		return inconclusive("the message was accepted without EHLO, and what became of it cannot be read back")
	case len(mail(t)) == 0:
		return inconclusive("the message was accepted without EHLO and never arrived")
	}
	if line, ref, found := traceOf(t, helo(s, markEhlo)); found {
		return fail(want, "MAIL got "+a.String()+", and the message says "+line, append(a.refs, ref)...)
	}
	return nonstrict("MAIL was accepted without EHLO", want, "the message has no trace of the name given in clear", a.refs...)
}

func judgeHeloInTrace(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "a message whose trace names the EHLO given inside TLS, and not the one given in clear"
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS, markHandshake, markEhloTLS, markMail, markRcpt, markData, markBody)
	if !ok {
		return v
	}
	if len(mail(t)) == 0 {
		return inconclusive("the message was accepted and never arrived")
	}
	if line, ref, found := traceOf(t, helo(s, markEhlo)); found {
		return fail(want, "the message says "+line, ref)
	}
	line, ref, found := traceOf(t, helo(s, markEhloTLS))
	if !found {
		return nonstrict("neither name is in the trace", want, "no trace header names the client")
	}
	return pass(want, "the message says "+line, ref)
}

func judgeEnvelopeKept(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "503 to DATA inside TLS, and no message"
	s, v, ok := reach(t, "", markGreeting, markEhlo, markMail, markRcpt, markStartTLS, markHandshake, markEhloTLS)
	if !ok {
		return v
	}
	a := reply(s, markData)
	switch {
	case len(mail(t)) > 0:
		return fail(want, "DATA got "+a.String()+", and a message arrived", a.refs...)
	case a.is("3", "2"):
		return fail(want, "DATA got "+a.String(), a.refs...)
	case !a.found:
		return fail(want, "DATA got "+a.String(), a.refs...)
	case !a.is("503"):
		return nonstrict("refused, but not with 503", want, "DATA got "+a.String(), a.refs...)
	}
	return pass(want, "DATA got "+a.String(), a.refs...)
}

// helo is the name that we gave under a mark.
func helo(s *results.Session, mark string) string {
	for _, e := range s.Events {
		if e.Mark == mark && e.From == results.Client && e.Kind == results.EventData {
			_, name, _ := strings.Cut(strings.TrimSpace(string(e.Bytes)), " ")
			return name
		}
	}
	return ""
}

// traceOf finds a name in the header of a message that was read back.
func traceOf(t *results.Transcript, name string) (string, results.EventRef, bool) {
	for _, m := range mail(t) {
		header, _, _ := bytes.Cut(content(t, m), []byte("\r\n\r\n"))
		for _, line := range strings.Split(string(header), "\r\n") {
			if name != "" && strings.Contains(line, name) {
				return strings.TrimSpace(line), bodyRef(t, m), true
			}
		}
	}
	return "", results.EventRef{}, false
}

// bodyRef points at the first event of a message's content.
func bodyRef(t *results.Transcript, m results.Message) results.EventRef {
	for _, s := range t.Sessions {
		if s.ID != m.Session {
			continue
		}
		for i, e := range s.Events {
			if e.Mark == m.Mark && e.Stage == results.StageBody {
				return results.EventRef{Session: s.ID, Event: i}
			}
		}
	}
	return results.EventRef{Session: m.Session}
}

// lastWords is the last reply of a session in any words.
func lastWords(s *results.Session) string {
	for i := len(s.Events) - 1; i >= 0; i-- {
		if e := s.Events[i]; e.From == results.Server && e.Kind == results.EventData {
			return strings.TrimSpace(clip(shown(e)))
		}
	}
	return ending(s)
}
