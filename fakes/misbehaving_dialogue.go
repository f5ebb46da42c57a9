package fakes

import (
	"fmt"
	"strings"

	"mailtls/results"
)

// greetingPeers do not greet as a receiver should (RFC 5321 §3.1), or do not
// know EHLO.
func greetingPeers() []Profile {
	all := []Profile{
		peer("greeting-421", "Greets with 421, and closes.", farewell(results.StageGreeting, PhaseClear, "421 4.3.2 No service for the time being")),
		peer("greeting-554", "Greets with 554, and answers 503 to all but QUIT.",
			reply(results.StageGreeting, "554 5.3.2 No service here"), gate(Gate{Except: []string{"QUIT"}, Reply: "503 5.5.1 No service here"})),
		peer("greeting-silent", "Does not greet.", strike(Fault{At: results.StageGreeting, Do: ActionStall})),
		peer("unsolicited-ehlo-reply", "Sends behind its greeting, in one segment, a reply to EHLO that lists no STARTTLS; the reply proper does.",
			rewrite(results.StageGreeting, "220 mx ESMTP mailtls\r\n250-mx\r\n250 8BITMIME\r\n")),
		peer("ehlo-421", "Answers EHLO with 421, and closes.", farewell(results.StageHello, PhaseClear, "421 4.3.2 No service for the time being")),
	}
	for _, code := range []string{"221", "354", "500", "501", "530"} {
		all = append(all, peer("greeting-"+code, fmt.Sprintf("Greets with %s, and goes on as if it had been 220.", code),
			reply(results.StageGreeting, code+" mx ESMTP mailtls")))
	}
	for _, code := range []string{"220", "221", "354"} {
		all = append(all, peer("ehlo-"+code, fmt.Sprintf("Answers EHLO and HELO with %s, and knows STARTTLS all the same.", code),
			reply(results.StageHello, code+" mx")))
	}
	for _, code := range []string{"500", "501", "502", "504", "530", "550"} {
		all = append(all, peer("ehlo-"+code, fmt.Sprintf("Refuses EHLO with %s, so that HELO is what remains; it has no TLS.", code),
			offering(OfferNone), gate(Gate{Only: []string{"EHLO"}, Reply: code + " 5.5.1 EHLO is not for you"})))
	}
	return all
}

// ehloReply is a reply to EHLO that lists these.
func ehloReply(keywords ...string) string {
	lines := append([]string{"mx"}, keywords...)
	last := len(lines) - 1
	return "250-" + strings.Join(lines[:last], "\r\n250-") + "\r\n250 " + lines[last] + "\r\n"
}

// keyworded lists something in place of STARTTLS before the usual.
func keyworded(keywords ...string) func(*Profile) {
	return rewrite(results.StageHello, ehloReply(append(keywords, usual()...)...))
}

// keywordPeers list the keyword in ways of their own (RFC 3207 §4, RFC 5321
// §4.1.1.1).
func keywordPeers() []Profile {
	return []Profile{
		peer("starttls-stripped", "Does not list STARTTLS, as if something on the way had taken it out, but knows it.", keyworded()),
		peer("keyword-masked", "Lists XXXXXXXA where STARTTLS was, as boxes do that mask it, and does not know STARTTLS.",
			offering(OfferNone), listing(append([]string{"XXXXXXXA"}, usual()...), nil)),
		peer("keyword-on-greeting-line", "Lists STARTTLS only on the first line of its EHLO reply, where name and greeting stand, but knows it.",
			rewrite(results.StageHello, "250-STARTTLS\r\n250-PIPELINING\r\n250 8BITMIME\r\n")),
		peer("starttls-lower-case", "Lists STARTTLS in lower case.", keyworded("starttls")),
		peer("starttls-mixed-case", "Lists STARTTLS as StartTLS.", keyworded("StartTLS")),
		peer("keyword-with-parameter", "Lists STARTTLS with a parameter.", keyworded("STARTTLS foo")),
	}
}

// capabilityPeers list in clear what does not hold inside TLS, or the other way
// round (RFC 3207 §4.2).
func capabilityPeers() []Profile {
	return []Profile{
		peer("capabilities-before-tls-only", "Lists PIPELINING and SIZE 100 in clear, and neither inside TLS.",
			listing([]string{"PIPELINING", "SIZE 100", "8BITMIME"}, []string{"8BITMIME"})),
		peer("capabilities-after-tls-only", "Lists PIPELINING and SIZE inside TLS, and neither in clear.",
			listing([]string{"8BITMIME"}, usual())),
		peer("auth-before-tls-only", "Lists AUTH in clear, and not inside TLS.", listing(usualAuth(), usual())),
		peer("auth-after-tls-only", "Lists AUTH inside TLS, and not in clear.", listing(usual(), usualAuth())),
		peer("starttls-inside-tls", "Lists STARTTLS inside TLS again, and refuses it there.", listing(usual(), append(usual(), "STARTTLS"))),
	}
}
