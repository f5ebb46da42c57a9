package harness_test

import (
	"strings"
	"time"
)

// inReplies are servers whose replies are no replies.
func inReplies() []hostile {
	keyword := "250-" + strings.Repeat("k", 994) + "\r\n"
	return []hostile{
		{name: "ehlo-for-ever", acts: after(greeted(), floods(keyword))},
		{name: "ehlo-trickled", acts: after(greeted(), trickles("250-SLOW\r\n", 0, 100*time.Millisecond))},
		{name: "ehlo-in-100000-segments", acts: after(greeted(), trickles(keyword, 100, 0), waits), cases: "row:R-001"},
		{name: "ehlo-got-220", acts: after(greeted(), says("220 mx ESMTP\r\n"), waits)},
		{name: "ehlo-of-two-codes", acts: after(greeted(), says("250-mx\r\n220 STARTTLS\r\n"), waits)},
		{name: "ehlo-got-999", acts: after(greeted(), says("999-mx\r\n999 STARTTLS\r\n"), waits)},
		{
			name: "nul-everywhere",
			acts: []act{says("220 m\x00x\r\n"), hears, says("250-mx\r\n250 START\x00TLS\r\n"), hears, says("220\x00go\r\n"), waits},
			sees: map[string]string{"offer/keyword-missing": "fail STARTTLS is not listed: 250 mx / START\x00TLS"}, // which it is not
		},
		{name: "lf-only", acts: []act{says("220 mx\n"), hears, says("250-mx\n250 STARTTLS\n"), hears, says("220 go\n"), waits}, cases: tlsCases, sees: noTLS()},
		{
			name: "bare-codes", acts: []act{says("220\r\n"), repeats("250\r\n")},
			sees: map[string]string{"offer/keyword-missing": "fail STARTTLS is not listed: 250"}, // which it is not
		},
		{name: "replies-unasked", acts: []act{says("220 mx\r\n250-mx\r\n250 STARTTLS\r\n220 go\r\n"), waits}},
		{name: "replies-early", acts: []act{says("220 mx\r\n250-mx\r\n250 STARTTLS\r\n"), hears, says("220 go\r\n"), waits}},
	}
}

// inRefusals are servers that refuse, for good or for now.
func inRefusals() []hostile {
	const mail = "row:R-065"
	mailed := after(greeted(), says("250 mx\r\n"), hears)
	rcpted := after(mailed, says("250 ok\r\n"), hears)
	dataed := after(rcpted, says("250 ok\r\n"), hears)
	bodied := after(dataed, says("354 go on\r\n"), waitsFor("."))
	busy := says("421 4.3.2 busy\r\n")
	return []hostile{
		{name: "421-at-ehlo", acts: after(greeted(), busy)},
		{name: "421-at-starttls", acts: after(asked(), busy), sees: listed()},
		{name: "454-at-starttls", acts: after(asked(), says("454 4.7.0 not now\r\n"), waits), sees: listed()},
		{name: "554-at-starttls", acts: after(asked(), says("554 5.7.0 no\r\n"), waits), sees: but(listed(),
			"injection/same-segment", "pass STARTTLS got 554")}, // the safe answer to what stands behind it
		{name: "450-at-mail", acts: after(mailed, says("450 4.7.1 greylisted\r\n"), waits), clear: true, cases: mail},
		{name: "421-at-mail", acts: after(mailed, busy), clear: true, cases: mail},
		{name: "421-at-rcpt", acts: after(rcpted, busy), clear: true, cases: mail},
		{name: "421-at-data", acts: after(dataed, busy), clear: true, cases: mail},
		{name: "421-at-body", acts: after(bodied, busy), clear: true, cases: mail},
		{name: "closes-at-data", acts: dataed, clear: true, cases: mail, sees: map[string]string{
			"policy/public-mx-demands-tls": "fail data got no reply (the target closed the connection)"}}, // RFC 5321 §3.8 forbids it
	}
}

// inHandshake are servers that give a go-ahead and then speak no TLS.
func inHandshake() []hostile {
	const (
		page = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n"
		// What of a flood is a record depends on where a segment begins, so that
		// the answer to garbage may read as clear or not.
		quick = fewCases + " || row:R-008"
		sslv2 = "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10"
	)
	met := after(started(), meets)
	unasked := func() map[string]string {
		return but(noTLS(), "handshake/speaks-first", "fail the target sent")
	}
	inClear := func() map[string]string {
		return but(noTLS(), "handshake/garbage-answered", "fail the target sent in clear")
	}
	return []hostile{
		{name: "tls-closes", acts: started(), cases: tlsCases, sees: but(noTLS(),
			"handshake/speaks-first", "nonstrict the target closed",
			"handshake/garbage-answered", "pass the target closed")},
		{name: "tls-resets", acts: after(met, resets), cases: tlsCases, sees: but(noTLS(),
			"handshake/garbage-answered", "pass the target reset")},
		{name: "tls-silent", acts: after(started(), waits), cases: tlsCases, sees: noTLS()},
		{name: "tls-http", acts: after(met, says(page), waits), cases: tlsCases, sees: inClear()},
		{name: "tls-http-page-of-9-kib", acts: after(met, says(page+strings.Repeat("<p>", 3<<10)), waits), cases: tlsCases, sees: inClear()},
		{name: "tls-record-too-long", acts: after(met, says("\x16\x03\x03\xff\xff"+noise(100)), waits), cases: tlsCases, sees: inClear()},
		{name: "tls-records-for-ever", acts: after(started(), floods("\x16\x03\x03\x00\x04\x00\x00\x00\x00")), cases: quick, sees: unasked()},
		{name: "tls-empty-records-for-ever", acts: after(started(), floods("\x17\x03\x03\x00\x00")), cases: quick, sees: unasked()},
		{name: "tls-alerts-for-ever", acts: after(started(), floods("\x15\x03\x03\x00\x02\x01\x5a")), cases: quick, sees: but(unasked(),
			"version/tls10-accepted", "fail refused with")}, // an alert or none: it is seen where the record begins a segment
		{name: "tls-hello-garbage", acts: after(met, says("\x16\x03\x03\x00\x40\x02\x00\x00\x3c"+noise(60)), waits), cases: tlsCases, sees: noTLS()},
		{name: "tls-half-handshake", acts: after(met, says(serverHello()), waits), cases: tlsCases, sees: noTLS()},
		{name: "tls-sslv2", acts: after(started(), says(sslv2+noise(35)), waits), cases: tlsCases, sees: unasked()},
	}
}

// serverHello is a ServerHello for TLS 1.2 as it should be (RFC 5246 §7.4.1.3).
func serverHello() string {
	body := "\x03\x03" + noise(32) + "\x00" + "\xc0\x2f" + "\x00"
	message := "\x02\x00\x00" + string([]byte{byte(len(body))}) + body
	return "\x16\x03\x03\x00" + string([]byte{byte(len(message))}) + message
}
