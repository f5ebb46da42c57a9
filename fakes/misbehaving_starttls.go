package fakes

import (
	"fmt"
	"time"

	"mailtls/results"
)

// startTLSPeers do not give a go-ahead to STARTTLS (RFC 3207 §4), and go on in
// clear where they can.
func startTLSPeers() []Profile {
	const at = results.StageStartTLS
	all := []Profile{
		peer("starttls-421", "Answers STARTTLS with 421, and closes.", farewell(at, PhaseClear, "421 4.3.2 No service for the time being")),
		peer("starttls-silent", "Does not answer STARTTLS.", strike(Fault{At: at, Do: ActionStall})),
		peer("starttls-fin", "Closes the connection in place of an answer to STARTTLS.", strike(Fault{At: at, Do: ActionFin})),
		peer("starttls-reset", "Resets the connection in place of an answer to STARTTLS.", strike(Fault{At: at, Do: ActionReset})),
	}
	for _, line := range []string{
		"450 4.7.0 TLS is not available", "451 4.3.0 TLS is not available", "454 4.7.0 TLS is not available",
		"500 5.5.1 STARTTLS is not known", "501 5.5.4 STARTTLS cannot be read", "502 5.5.1 STARTTLS is not there",
		"530 5.7.0 Must issue a STARTTLS command first", "554 5.7.0 TLS is not for you",
	} {
		all = append(all, peer("starttls-"+line[:3], fmt.Sprintf("Refuses STARTTLS with %s.", line[:3]), reply(at, line)))
	}
	return all
}

// either answers STARTTLS with something that a client may or may not take for a
// go-ahead, and follows it whichever way it goes.
func either(text string) func(*Profile) {
	return func(p *Profile) {
		p.Lenient = append(p.Lenient, LenientClearHandshake)
		rewrite(results.StageStartTLS, text)(p)
	}
}

// What peers say that inject a reply.
const (
	readyLine     = "220 2.0.0 Ready to start TLS\r\n"
	injectedLines = "250-injected.example\r\n250-SIZE 52428800\r\n"
)

// bare lists nothing that changes what a sender says.
func bare() []string { return []string{"8BITMIME", "ENHANCEDSTATUSCODES"} }

// goAheadPeers answer STARTTLS in a form that is unusual, wrong or more than an
// answer (RFC 5321 §4.2).
func goAheadPeers() []Profile {
	const at, follows = results.StageStartTLS, ", and follows the client into TLS or in clear."
	return []Profile{
		peer("starttls-250", "Answers STARTTLS with 250"+follows, either("250 2.0.0 Ok\r\n")),
		peer("starttls-221", "Answers STARTTLS with 221"+follows, either("221 2.0.0 Bye\r\n")),
		peer("starttls-354", "Answers STARTTLS with 354"+follows, either("354 Go ahead\r\n")),
		peer("starttls-999", "Answers STARTTLS with 999"+follows, either("999 x\r\n")),
		peer("starttls-underscore", "Answers STARTTLS with 220 and an underscore behind it"+follows, either("220_Ready\r\n")),
		peer("starttls-not-numeric", "Answers STARTTLS with a line that begins with no code"+follows, either("ready to start TLS\r\n")),
		peer("bare-220", "Gives the go-ahead as 220 alone, without space or text, which is valid.", rewrite(at, "220\r\n")),
		peer("multi-line-220", "Gives the go-ahead in two lines.", rewrite(at, "220-Wait for it\r\n220 Ready to start TLS\r\n")),
		peer("delayed-220", "Gives the go-ahead 2 seconds late.", strike(Fault{At: at, Phase: PhaseClear, When: Before, Do: ActionStall, Delay: 2 * time.Second})),
		peer("split-220", "Gives the go-ahead in three segments, half a second apart.", faults(at, PhaseClear,
			Fault{When: Before, Do: ActionReply, Text: "22"},
			Fault{When: Before, Do: ActionReply, Text: "0 2.0.0 Ready", Delay: 500 * time.Millisecond},
			Fault{When: Before, Do: ActionStall, Delay: 500 * time.Millisecond},
			Fault{Do: ActionRewrite, Text: " to start TLS\r\n"})),
		peer("injection-whole-line", "Sends behind its go-ahead, in one segment, a reply in clear that lists SIZE and AUTH, as if it were one to EHLO inside TLS; that one lists neither.",
			rewrite(at, readyLine+injectedLines+"250 AUTH PLAIN LOGIN\r\n"), listing(usual(), bare())),
		peer("injection-delayed-reply", "Does as injection-whole-line, and answers EHLO inside TLS 3 seconds late, or at once where something comes behind it in half of that time.",
			rewrite(at, readyLine+injectedLines+"250 AUTH PLAIN LOGIN\r\n"), listing(usual(), bare()),
			strike(Fault{At: results.StageHello, Phase: PhaseTLS, When: Before, Do: ActionStall, Delay: 1500 * time.Millisecond, IfSilent: true})),
		peer("injection-partial-line", "Sends behind its go-ahead, in one segment, the beginning of a reply that lists SIZE and AUTH and would go on inside TLS, where neither is listed.",
			rewrite(at, readyLine+injectedLines+"250-AUTH PLAIN LOGIN "), listing(usual(), bare())),
		peer("injection-221", "Sends a 221 behind its go-ahead, in one segment.", rewrite(at, readyLine+"221 2.0.0 Bye\r\n")),
		peer("injection-421", "Sends a 421 behind its go-ahead, in one segment.", rewrite(at, readyLine+"421 4.3.2 No service for the time being\r\n")),
		peer("pipelined-replies", "Answers STARTTLS with 454 and, in the same segment, with all replies that a login and a mail would get"+follows,
			either("454 4.7.0 TLS is not available\r\n235 2.7.0 Ok\r\n250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 Go ahead\r\n250 2.0.0 Ok\r\n")),
	}
}
