package scenarios_test

import (
	"testing"

	"mailtls/results"
)

// TestLeaks counts the bytes that are let out.
func TestLeaks(t *testing.T) {
	encrypt, verify, may := demanding("encrypt", results.VerifyNone), demanding("verify", results.VerifyMXName), clearing("may")
	quiet := lines(hears, begins, greets)
	envelope := len("MAIL FROM:<aaa@a.test>\r\n") + len("RCPT TO:<aaa@x.test>\r\n")
	whole := envelope + len("DATA\r\n") + len("body of aaa\r\n")
	const secret = "AUTH PLAIN AGEAYg=="
	for _, tc := range []struct {
		name  string
		story *story
		want  int
	}{
		{"nothing but EHLO", tell(encrypt).mail("aaa").call(1, "tls-disabled", unlisted...), 0},
		{"inside TLS", tell(encrypt).mail("aaa").call(1, "self-signed", lines(quiet, gives("aaa", "+"))...), 0},
		{"envelope in clear", tell(encrypt).mail("aaa").call(1, "tls-disabled", lines(unlisted, gives("aaa", "")[:4])...), envelope},
		{"all in clear", tell(encrypt).mail("aaa").call(1, "tls-disabled", lines(unlisted, gives("aaa", ""))...), whole},
		{"on the second of two connections", tell(encrypt).mail("aaa").call(1, "reset-after-220", lines(hears, begins)...).call(2, "reset-after-220", lines(unlisted, gives("aaa", ""))...), whole},
		{"canary in the name of EHLO", tell(encrypt).mail("aaa").call(1, "tls-disabled", "S 220 mx", "C EHLO aaa.test", "S 250 mx"), len("EHLO aaa.test\r\n")},
		{"credentials in clear", tell(encrypt).mail("aaa").call(1, "clear-login-without-tls", lines(unlisted, []string{"C " + secret})...), len(secret) + 2},
		{"name of a mechanism in clear", tell(encrypt).mail("aaa").call(1, "clear-login-without-tls", lines(unlisted, []string{"C AUTH PLAIN", "S 334"})...), 0},
		{"allowed in clear", tell(may).mail("aaa").call(1, "tls-disabled", lines(unlisted, gives("aaa", ""))...), 0},
		{"inside TLS to somebody", tell(verify).mail("aaa").call(1, "self-signed", lines(quiet, gives("aaa", "+"))...), whole},
		{"inside TLS to somebody else", tell(verify).mail("aaa").call(1, "wrong-name", lines(quiet, gives("aaa", "+"))...), whole},
		{"inside TLS to the right one", tell(verify).mail("aaa").call(1, "opportunistic", lines(quiet, gives("aaa", "+"))...), 0},
		{"resumed from the right one", tell(verify).mail("aaa").call(1, "opportunistic", quiet...).call(2, "self-signed", lines(hears, begins, resumed, gives("aaa", "+"))...), 0},
		{"resumed from a wrong one", tell(verify).mail("aaa").call(1, "self-signed", quiet...).call(2, "self-signed", lines(hears, begins, resumed, gives("aaa", "+"))...), whole},
		{"resumed from another host", tell(verify).mail("aaa").call(1, "opportunistic", quiet...).at("mx2.x.test").call(2, "self-signed", lines(hears, begins, resumed, gives("aaa", "+"))...), whole},
		{"of the message whose policy forbids it", tell(may, encrypt).mail("bbb", "aaa encrypt").call(1, "tls-disabled", lines(unlisted, gives("bbb", ""), gives("aaa", ""))...), whole},
		{"of the message whose policy allows it", tell(encrypt, may).mail("bbb", "aaa may").call(1, "tls-disabled", lines(unlisted, gives("aaa", ""))...), 0},
		{"credentials before a message whose policy forbids it", tell(may, encrypt).mail("bbb", "aaa encrypt").
			call(1, "clear-login-without-tls", lines(unlisted, []string{"C " + secret, "S 235 ok"}, gives("aaa", ""))...), len(secret) + 2 + whole},
	} {
		v := tc.story.verdict(t, "queue/many")
		if v.Leaked != int64(tc.want) {
			t.Errorf("%s: %d bytes are let out, want %d (%s)", tc.name, v.Leaked, tc.want, v.Got)
		}
		if tc.want > 0 && (v.Status != results.StatusFail || v.Level != results.Must || len(v.Evidence) == 0) {
			t.Errorf("%s: the verdict is %+v", tc.name, v)
		}
	}
}

// TestDrainIsNoLeak: what comes once the peer is honest was asked for.
func TestDrainIsNoLeak(t *testing.T) {
	s := tell(demanding("encrypt", results.VerifyNone)).mail("aaa").call(100, "tls-disabled", lines(unlisted, gives("aaa", ""))...)
	s.Sessions[0].Leg = results.LegDrain
	if v := s.verdict(t, "queue/many"); v.Leaked != 0 || v.Status == results.StatusFail {
		t.Errorf("the verdict is %+v", v)
	}
}
