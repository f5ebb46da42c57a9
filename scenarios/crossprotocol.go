package scenarios

import (
	"fmt"
	"strings"

	"mailtls/fakes"
	"mailtls/results"
)

// crossProtocol holds the cases about clients of another protocol that are led
// to a mail server, as a browser is by an attacker (CVE-2021-3618).
func crossProtocol() []Case {
	source := Source{"CVE-2021-3618", "A client that speaks HTTP is cut off before what an attacker put into its request is taken for commands."}
	return []Case{
		{
			ID: "crossprotocol/http-body-served/clear", Row: "R-054",
			Title: "An HTTP request in clear is cut off before its body is read as SMTP", Source: source,
			Levels:    []LevelRule{should()},
			Dialogues: one(fakes.Greet(), httpRequest(), awaitClose(closing)),
			Judge:     judgeHTTP,
		},
		{
			ID: "crossprotocol/http-body-served/implicit-tls", Row: "R-054",
			Title: "An HTTP request inside implicit TLS is cut off before its body is read as SMTP", Source: source,
			Needs: []results.Feature{results.FeatureSMTPS}, Levels: []LevelRule{should()},
			Dialogues: []fakes.Dialogue{{Listener: fakes.ListenSMTPS, Script: fakes.Join(
				fakes.Handshake(broad()), fakes.Greet(), httpRequest(), awaitClose(closing))}},
			Judge: judgeHTTP,
		},
	}
}

// httpRequest is a request whose body holds SMTP commands.
func httpRequest() fakes.Script {
	return fakes.Script{{Mark: "http", Do: fakes.MoveSend, Text: []string{
		"GET / HTTP/1.1\r\nHost: {helo}\r\nUser-Agent: mailtls\r\nContent-Type: text/plain\r\nContent-Length: 200\r\n\r\n" +
			"EHLO {helo}\r\nMAIL FROM:<{from}>\r\nQUIT\r\n",
	}}}
}

func judgeHTTP(t *results.Transcript, _ results.Claims) results.Verdict {
	const want = "the connection closed, and no 250 to the commands in the body"
	s, v, ok := reach(t, "", markGreeting)
	if !ok {
		return v
	}
	if len(sent(s, "http")) == 0 {
		return inconclusive("the request was not sent: %s", ending(s))
	}
	var heardBytes []byte
	refs := sent(s, "http")
	for _, secure := range []bool{false, true} {
		b, more := heard(s, "http", secure)
		heardBytes, refs = append(heardBytes, b...), append(refs, more...)
	}
	for _, line := range strings.Split(string(heardBytes), "\r\n") {
		if strings.HasPrefix(line, "250") {
			return fail(want, fmt.Sprintf("a command in the body got %q", clip([]byte(line))), refs...)
		}
	}
	got := fmt.Sprintf("the target said %q; %s", clip(heardBytes), ending(s))
	if !gone(s) {
		return nonstrict("the connection was left open", want, got, refs...)
	}
	return pass(want, got, refs...)
}
