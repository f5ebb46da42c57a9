package scenarios

import (
	"bytes"
	"strings"

	"mailtls/fakes"
	"mailtls/results"
)

// trace holds the cases about what trace headers say of TLS.
func trace() []Case {
	return []Case{
		{
			ID: "trace/tls-not-named", Row: "R-091",
			Title:  "The trace header says ESMTPS for mail that came inside TLS, and not for mail in clear",
			Source: Source{"RFC 3848 §1", "The transmission type is ESMTPS, or ESMTPSA after a login, inside TLS, and ESMTP in clear."},
			Needs:  []results.Feature{results.FeatureStartTLS, results.FeatureReadback}, Levels: []LevelRule{should()},
			Dialogues: []fakes.Dialogue{
				{Name: "tls", Script: fakes.Join(inside(), fakes.Transaction(), fakes.Quit())},
				{Name: "clear", Script: fakes.Join(fakes.Greet(), fakes.Say(markEhlo, "250", "EHLO {helo2}\r\n"), fakes.Transaction(), fakes.Quit())},
			},
			Fence: true,
			Judge: judgeTraceTLS,
		},
		{
			ID: "trace/cipher-not-recorded", Row: "R-092",
			Title:  "The trace header of submitted mail holds the cipher suite",
			Source: Source{"RFC 8314 §4.3", "A submission server writes the cipher suite into the tls clause of the trace header."},
			Needs:  []results.Feature{results.FeatureStartTLS, results.FeatureReadback}, Levels: []LevelRule{should(results.FeatureSubmission), info()},
			Dialogues: []fakes.Dialogue{{Listener: fakes.ListenSubmission, Script: fakes.Join(
				inside(), fakes.Say("auth", "", "AUTH PLAIN {auth-plain}\r\n"), fakes.Transaction(), fakes.Quit())}},
			Fence: true,
			Judge: judgeTraceCipher,
		},
	}
}

// received finds the trace header of a message that names a client, on one line.
func received(t *results.Transcript, name string) (string, results.EventRef, bool) {
	for _, m := range mail(t) {
		header, _, _ := bytes.Cut(content(t, m), []byte("\r\n\r\n"))
		unfolded := strings.NewReplacer("\r\n\t", " ", "\r\n ", " ").Replace(string(header))
		for _, line := range strings.Split(unfolded, "\r\n") {
			if strings.HasPrefix(strings.ToLower(line), "received:") && strings.Contains(line, name) {
				return line, bodyRef(t, m), true
			}
		}
	}
	return "", results.EventRef{}, false
}

// arrival is the trace header of the message that a session handed over.
func arrival(t *results.Transcript, s *results.Session, mark string) (string, results.EventRef, results.Verdict, bool) {
	line, ref, found := received(t, helo(s, mark))
	switch {
	case found:
		return line, ref, results.Verdict{}, true
	case len(mail(t)) == 0:
		return "", ref, inconclusive("the message was accepted and never arrived"), false
	}
	return "", ref, inconclusive("no trace header names the client %s", helo(s, mark)), false
}

// transmission is the word behind "with" in a trace header, in upper case.
func transmission(line string) string {
	words := strings.Fields(line)
	for i := 0; i+1 < len(words); i++ {
		if strings.EqualFold(words[i], "with") {
			if kind := strings.ToUpper(strings.Trim(words[i+1], ";()")); strings.Contains(kind, "SMTP") {
				return kind
			}
		}
	}
	return ""
}

func judgeTraceTLS(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "with ESMTPS or ESMTPSA for the mail inside TLS, with ESMTP for that in clear"
	s, v, ok := reach(t, "tls", markGreeting, markEhlo, markStartTLS, markHandshake, markEhloTLS, markMail, markRcpt, markData, markBody)
	if !ok {
		return v
	}
	line, ref, v, ok := arrival(t, s, markEhloTLS)
	if !ok {
		return v
	}
	kind := transmission(line)
	if kind != "ESMTPS" && kind != "ESMTPSA" {
		return fail(want, "the mail inside TLS says "+line, ref)
	}
	plain, _, taken := reach(t, "clear", markGreeting, markEhlo, markMail, markRcpt, markData, markBody)
	if !taken {
		return pass(want, "with "+kind+" inside TLS; in clear no mail is taken", ref)
	}
	line, other, v, ok := arrival(t, plain, markEhlo)
	if !ok {
		return v
	}
	if inClear := transmission(line); inClear != "ESMTP" && inClear != "ESMTPA" {
		return fail(want, "the mail in clear says "+line, other)
	}
	return pass(want, "with "+kind+" inside TLS, with "+transmission(line)+" in clear", ref, other)
}

func judgeTraceCipher(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "a tls clause with the cipher suite in the trace header"
	s, v, ok := reach(t, "", markGreeting, markEhlo, markStartTLS, markHandshake, markEhloTLS, markMail, markRcpt, markData, markBody)
	if !ok {
		return v
	}
	line, ref, v, ok := arrival(t, s, markEhloTLS)
	if !ok {
		return v
	}
	switch {
	case strings.Contains(line, " tls "+facts(s).Suite):
		return pass(want, line, ref)
	case strings.Contains(line, "TLSv1"), strings.Contains(line, "TLS1"), strings.Contains(line, "TLS_"), strings.Contains(line, "cipher="), strings.Contains(line, "cipher "):
		return nonstrict("TLS is recorded, but not in a tls clause with the suite's registered name", want, line, ref)
	}
	return fail(want, "nothing of TLS is recorded: "+line, ref)
}
