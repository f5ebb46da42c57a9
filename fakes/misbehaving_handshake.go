package fakes

import (
	"crypto/tls"
	"fmt"

	"mailtls/results"
)

// onHello has the client's hello taken in before anything else is done, so that
// all a client says before and after is recorded.
func onHello(list ...Fault) func(*Profile) {
	return faults(results.StageHandshake, PhaseAny, append([]Fault{{When: Before, Do: ActionHear}}, list...)...)
}

// saying sends text in clear on the hello, and then nothing.
func saying(text string) func(*Profile) {
	return onHello(Fault{When: Before, Do: ActionReply, Text: text}, Fault{Do: ActionStall})
}

// closing sends text in clear on the hello, ends our direction, and listens on:
// a close that leaves what the client says next unread would become a reset.
func closing(text string) func(*Profile) {
	return onHello(Fault{When: Before, Do: ActionReply, Text: text}, Fault{When: Before, Do: ActionHalfClose}, Fault{Do: ActionStall})
}

// handshakePeers give the go-ahead, and fail at the handshake.
func handshakePeers() []Profile {
	before := func(a Action) func(*Profile) {
		return strike(Fault{At: results.StageHandshake, When: Before, Do: a})
	}
	return []Profile{
		peer("fin-after-220", "Closes the connection when a ClientHello has come.",
			onHello(Fault{When: Before, Do: ActionHalfClose}, Fault{Do: ActionStall})),
		peer("reset-after-220", "Resets the connection when a ClientHello has come.", onHello(Fault{Do: ActionReset})),
		peer("silent-after-220", "Says nothing more once it has given the go-ahead.", strike(Fault{At: results.StageHandshake, Do: ActionStall})),
		peer("garbage-after-220", "Answers a ClientHello with 4 KiB that are neither SMTP nor TLS, and says no more.",
			onHello(Fault{When: Before, Do: ActionGarbage}, Fault{Do: ActionStall})),
		peer("http-after-220", "Answers a ClientHello like a web server, with 400, and closes.",
			closing("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")),
		peer("cleartext-454-after-220", "Answers a ClientHello with 454 in clear, and says no more.", saying("454 4.7.0 oops\r\n")),
		peer("cleartext-reply-after-220", "Answers a ClientHello with a reply to EHLO in clear, and says no more.", saying(ehloReply(usual()...))),
		peer("server-hello-then-close", "Answers a ClientHello with a ServerHello, in TLS 1.2 up to ServerHelloDone, and closes.", flights(
			Flight{To: HelloMatch{Newest: 0x0304}, Version: 0x0304, Suite: 0x1301, Close: true},
			Flight{Version: 0x0303, Suite: 0xc02b, Extensions: []uint16{0xff01}, Close: true})),
		peer("bad-signature", "Signs the handshake with its key, but over something else.", before(ActionMissign)),
		peer("signature-scheme-not-offered", "Signs its part of the handshake rightly, in a scheme that the client does not offer; it speaks TLS 1.2 and nothing newer.",
			unoffered()),
		peer("wrong-finished", "Ends its part of the handshake with a Finished that does not hold.", before(ActionMisfinish)),
	}
}

// unoffered signs in a scheme that is not offered. TLS 1.3 signs what is
// encrypted, so it is not spoken.
func unoffered() func(*Profile) {
	const protocolVersion = 70
	var list []Flight
	for _, s := range []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384} {
		list = append(list, Flight{To: HelloMatch{Suite: s}, Version: tls.VersionTLS12, Suite: s, Extensions: []uint16{0xff01}, Unoffered: true})
	}
	return flights(append(list, Flight{Alert: protocolVersion})...)
}

// flights answers hellos that fit; others are served honestly.
func flights(list ...Flight) func(*Profile) {
	return strike(Fault{At: results.StageHandshake, Do: ActionFlight, Flights: list})
}

// The levels of alerts.
const warning, fatal = 1, 2

// alert is the record of an alert (RFC 8446 §5.1, §6).
func alert(level, code byte) string { return string([]byte{21, 3, 1, 0, 2, level, code}) }

// alertPeers answer the hello with an alert (RFC 8446 §6).
func alertPeers() []Profile {
	all := []Profile{
		peer("alert-after-220", "Answers a ClientHello with the fatal alert handshake_failure(40), and closes.", closing(alert(fatal, 40))),
		peer("warning-after-220", "Answers a ClientHello with the warning unrecognized_name(112), and goes on with the handshake.",
			faults(results.StageHandshake, PhaseAny, Fault{When: Before, Do: ActionAwait},
				Fault{When: Before, Do: ActionReply, Text: alert(warning, 112)})),
	}
	for _, a := range []struct {
		code byte
		name string
	}{{70, "protocol_version"}, {80, "internal_error"}, {112, "unrecognized_name"}} {
		all = append(all, peer(fmt.Sprintf("alert-%d-after-220", a.code),
			fmt.Sprintf("Answers a ClientHello with the fatal alert %s(%d), and closes.", a.name, a.code), closing(alert(fatal, a.code))))
	}
	return all
}
