package scenarios_test

import (
	"slices"
	"testing"

	"mailtls/results"
	"mailtls/scenarios"
)

var lines = slices.Concat[[]string]

func TestInjectedRepliesAreNotBelieved(t *testing.T) {
	early := []string{"TLS 1.3", "C+ EHLO me", "C+ MAIL FROM:<aaa@a.test>", "S+ 250 mx"}
	sized := []string{"C+ MAIL FROM:<aaa@a.test> SIZE=400", "S+ 250 ok"}
	read(t, []chapter{
		{"thrown away", "reply-injection/whole-line", tell(clearing("may")).mail("aaa").call(1, "injection-delayed-reply", lines(hears, begins, greets, gives("aaa", "+"))...), results.StatusPass, "thrown away"},
		{"given up, then in clear", "reply-injection/whole-line", tell(clearing("may")).mail("aaa").call(1, "injection-delayed-reply", lines(hears, begins)...).
			call(20, "injection-delayed-reply", lines(unlisted, gives("aaa", ""))...), results.StatusPass, "later attempt"},
		{"gone on before the reply", "reply-injection/whole-line", tell(clearing("may")).mail("aaa").call(1, "injection-delayed-reply", lines(hears, begins, early)...), results.StatusFail, "MAIL on connection 1"},
		{"size of what was injected", "reply-injection/whole-line", tell(clearing("may")).mail("aaa").call(1, "injection-delayed-reply", lines(hears, begins, greets, sized)...), results.StatusFail, "SIZE=400"},
		{"login by what was injected", "reply-injection/partial-line", tell(clearing("may")).mail("aaa").call(1, "injection-partial-line", lines(hears, begins, greets, []string{"C+ AUTH PLAIN AGEAYg=="})...), results.StatusFail, "AUTH on connection 1"},
		{"in clear behind the go-ahead", "reply-injection/bye", tell(clearing("may")).mail("aaa").call(1, "injection-221", lines(hears, begins, gives("aaa", ""))...), results.StatusFail, "MAIL on connection 1"},
		{"content after replies in advance", "reply-injection/pipelined-replies", tell(clearing("may")).mail("aaa").call(1, "pipelined-replies", lines(hears, refuses, gives("aaa", ""))...), results.StatusFail, "the content on connection 1"},
		{"a farewell that our peer takes for content", "reply-injection/pipelined-replies", tell(clearing("may")).mail("aaa").call(1, "pipelined-replies", lines(hears, refuses, gives("aaa", "")[:6], []string{"C body QUIT"})...).
			back("aaa", 62, "5.5.0", ""), results.StatusPass, "deferred"},
		{"none after replies in advance", "reply-injection/pipelined-replies", tell(clearing("may")).mail("aaa").call(1, "pipelined-replies", lines(hears, refuses, []string{"C QUIT"})...).
			back("aaa", 2, "5.5.0", "250 is no 354"), results.StatusPass, "given back"},
		{"false delivery", "reply-injection/extra-reply-after-rcpt", tell(clearing("may")).mail("aaa").call(1, "extra-reply-after-rcpt", lines(hears, begins, greets, []string{"C+ DATA", "S+ 354 go"})...).unended(), results.StatusFail, "neither delivered"},
		{"noticed", "reply-injection/extra-reply-after-rcpt", tell(clearing("may")).mail("aaa").call(1, "extra-reply-after-rcpt", lines(hears, begins, greets, []string{"C+ DATA"})...).
			back("aaa", 61, "4.4.7", ""), results.StatusPass, "given up"},
		{"noticed late", "reply-injection/greeting-inside-tls", tell(clearing("may")).mail("aaa").call(1, "greeting-inside-tls", lines(hears, begins, greets, []string{"C+ MAIL FROM:<aaa@a.test>"})...).
			back("aaa", 61, "4.4.7", ""), results.StatusNonstrict, "noticed late"},
	})
}

func TestConnectionsAreKeptApart(t *testing.T) {
	verify, encrypt := demanding("verify", results.VerifyMXName), sharing(demanding("encrypt", results.VerifyNone))
	shared := lines(hears, begins, greets, gives("aaa", "+"), gives("bbb", "+"))
	open := lines(hears, refuses, gives("aaa", ""), gives("bbb", ""))
	unverified := func() *story { return tell(sharing(clearing("may")), verify).mail("aaa", "bbb", "ccc verify") }
	mandatory := func() *story { return tell(sharing(clearing("may")), encrypt).mail("aaa", "bbb", "ccc encrypt") }
	read(t, []chapter{
		{"apart", "reuse/unverified-then-verified", unverified().call(1, "self-signed", shared...).back("ccc", 61, "4.7.5", ""), results.StatusPass, "shared connection 1"},
		{"nothing is shared", "reuse/unverified-then-verified", unverified().call(1, "self-signed", lines(hears, begins, greets, gives("aaa", "+"))...).
			call(2, "self-signed", lines(hears, begins, greets, gives("bbb", "+"))...), results.StatusNA, "no two messages"},
		{"the control did not arrive", "reuse/unverified-then-verified", unverified().call(1, "self-signed", hears...), results.StatusInconclusive, "did not arrive"},
		{"envelope let out", "reuse/unverified-then-verified", unverified().call(1, "self-signed", lines(shared, gives("ccc", "+")[:4])...), results.StatusFail, "without a certificate to trust"},
		{"in clear", "reuse/clear-then-mandatory", mandatory().call(1, "starttls-454", lines(open, gives("ccc", ""))...), results.StatusFail, "in clear"},
		{"apart from clear", "reuse/clear-then-mandatory", mandatory().call(1, "starttls-454", open...).back("ccc", 61, "4.7.0", ""), results.StatusPass, "shared connection 1"},
	})
	c, err := scenarios.Find("reuse/unverified-then-verified")
	if err != nil {
		t.Fatal(err)
	}
	if p := c.Policies(tell(sharing(clearing("may"))).claims); p != nil {
		t.Errorf("without the second policy it is played under %v", p)
	}
}

func TestTicketsAreKeptApart(t *testing.T) {
	verify := demanding("verify", results.VerifyMXName)
	begun := func() *story {
		return tell(clearing("may"), verify).mail("aaa", "bbb", "ccc verify").call(1, "self-signed", lines(hears, begins, greets, gives("aaa", "+"))...)
	}
	again := lines(hears, begins, resumed, gives("bbb", "+"))
	changed := func(last ...string) *story {
		return tell(verify).mail("aaa", "bbb", "ccc").call(1, "opportunistic", lines(hears, begins, greets, gives("aaa", "+"))...).
			call(2, "opportunistic", again...).call(3, "self-signed", last...)
	}
	read(t, []chapter{
		{"refused", "reuse/ticket-of-unverified-session", begun().call(2, "self-signed", again...).back("ccc", 61, "4.7.5", ""), results.StatusPass, "sessions are resumed"},
		{"resumed", "reuse/ticket-of-unverified-session", begun().call(2, "self-signed", again...).call(3, "self-signed", lines(hears, begins, resumed, gives("ccc", "+"))...), results.StatusFail, "without a certificate to trust"},
		{"never resumed", "reuse/ticket-of-unverified-session", begun().call(2, "self-signed", lines(hears, begins, greets, gives("bbb", "+"))...).back("ccc", 61, "4.7.5", ""), results.StatusNA, "no session is resumed"},
		{"another certificate, resumed", "reuse/ticket-and-other-certificate", changed(lines(hears, begins, resumed, gives("ccc", "+"))...), results.StatusInfo, "without a look"},
		{"another certificate, looked at", "reuse/ticket-and-other-certificate", changed(hears...).back("ccc", 64, "4.7.5", ""), results.StatusInfo, "not resumed"},
		{"another certificate, taken", "reuse/ticket-and-other-certificate", changed(lines(hears, begins, greets, gives("ccc", "+"))...), results.StatusFail, "without a certificate to trust"},
	})
}

func TestTransactionsAreNotMixed(t *testing.T) {
	p := sharing(clearing("may"))
	reset := []string{"C+ RSET", "S+ 250 ok"}
	started := []string{"C+ MAIL FROM:<bbb@a.test>", "S+ 250 ok"}
	read(t, []chapter{
		{"one after the other", "reuse/hundred-messages", tell(p).mail("aaa", "bbb").call(1, "opportunistic", lines(hears, begins, greets, gives("aaa", "+"), reset, gives("bbb", "+"))...), results.StatusPass, "1 connections"},
		{"begun again with RSET", "reuse/hundred-messages", tell(p).mail("aaa", "bbb").call(1, "opportunistic", lines(hears, begins, greets, started, reset, gives("aaa", "+"), gives("bbb", "+"))...), results.StatusPass, "1 connections"},
		{"begun inside another", "reuse/hundred-messages", tell(p).mail("aaa", "bbb").call(1, "opportunistic", lines(hears, begins, greets, started, gives("aaa", "+"))...), results.StatusFail, "a transaction open true"},
		{"EHLO from before TLS", "reuse/hundred-messages", tell(p).mail("aaa", "bbb").call(1, "opportunistic", lines(hears, begins, []string{"TLS 1.3"}, gives("aaa", "+"))...), results.StatusFail, "EHLO inside TLS false"},
		{"one in clear", "reuse/hundred-messages", tell(p).mail("aaa", "bbb").call(1, "opportunistic", lines(hears, begins, greets, gives("aaa", "+"))...).
			call(2, "opportunistic", lines(unlisted, gives("bbb", ""))...), results.StatusFail, "sent in clear"},
		{"a connection each", "reuse/hundred-messages", tell(p).mail("aaa", "bbb").call(1, "opportunistic", lines(hears, begins, greets, gives("aaa", "+"))...).
			call(2, "opportunistic", lines(hears, begins, greets, gives("bbb", "+"))...), results.StatusNA, "no two messages"},
	})
}

func TestHostsAreChosen(t *testing.T) {
	encrypt, nextHop := demanding("encrypt", results.VerifyNone), demanding("secure", results.VerifyNextHop)
	inside := lines(hears, begins, greets, gives("aaa", "+"))
	read(t, []chapter{
		{"passed over", "mx/first-without-tls", tell(encrypt).mail("aaa").call(1, "tls-disabled", unlisted...).call(1.1, "opportunistic", inside...).at("mx2.x.test"), results.StatusPass, "TLS 1.3"},
		{"never tried", "mx/first-without-tls", tell(encrypt).mail("aaa").call(1, "tls-disabled", unlisted...).back("aaa", 61, "4.7.4", "no TLS"), results.StatusFail, "deferred"},
		{"one of two tried", "mx/none-with-tls", tell(encrypt).mail("aaa").call(1, "tls-disabled", unlisted...).back("aaa", 61, "4.7.4", "no TLS"), results.StatusFail, "only mx1.x.test"},
		{"both tried", "mx/none-with-tls", tell(encrypt).mail("aaa").call(1, "tls-disabled", unlisted...).call(1.1, "reset-after-220", lines(hears, begins)...).at("mx2.x.test").
			back("aaa", 61, "4.7.4", "no TLS"), results.StatusPass, "TLS is named"},
		{"both tried, and no reason named", "mx/none-with-tls", tell(encrypt).mail("aaa").call(1, "tls-disabled", unlisted...).call(1.1, "reset-after-220", lines(hears, begins)...).at("mx2.x.test").
			back("aaa", 61, "4.4.7", "retry timeout exceeded"), results.StatusNonstrict, "not named"},
		{"lost", "mx/none-with-tls", tell(encrypt).mail("aaa").call(1, "tls-disabled", unlisted...).call(1.1, "reset-after-220", lines(hears, begins)...).at("mx2.x.test").unended(), results.StatusFail, "neither delivered"},
		{"elsewhere, by the host's name", "mx/elsewhere", tell(demanding("verify", results.VerifyMXName)).mail("aaa").call(1, "opportunistic", inside...).at("mx.elsewhere.example"), results.StatusPass, "does not protect"},
		{"elsewhere, by the domain", "mx/elsewhere", tell(nextHop).mail("aaa").call(1, "opportunistic", hears...).at("mx.elsewhere.example").back("aaa", 61, "4.7.5", ""), results.StatusPass, "deferred"},
		{"elsewhere, deceived", "mx/elsewhere", tell(nextHop).mail("aaa").call(1, "opportunistic", inside...).at("mx.elsewhere.example"), results.StatusFail, ""},
	})
}

func TestWhatWaitsIsGivenBackWithAReason(t *testing.T) {
	encrypt := demanding("encrypt", results.VerifyNone)
	waiting := func(p results.SenderPolicy) *story {
		return tell(p).mail("aaa").call(1, "starttls-454", lines(hears, refuses)...)
	}
	login := func(p results.SenderPolicy, said ...string) *story {
		p.Credentials = true
		return tell(p).mail("aaa").call(1, "clear-login-without-tls", lines(unlisted, said)...)
	}
	read(t, []chapter{
		{"with TLS as the reason", "queue/expiry-notice", waiting(encrypt).back("aaa", 62, "4.4.7", "TLS is required"), results.StatusPass, "TLS is named"},
		{"with TLS in the message alone", "queue/expiry-notice", waiting(encrypt).back("aaa", 62, "4.4.7", "could not, at mailtls.test"), results.StatusFail, "nothing about TLS"},
		{"with a status that says nothing", "queue/expiry-notice", waiting(encrypt).back("aaa", 62, "5.0.0", "STARTTLS was refused"), results.StatusNonstrict, "5.0.0"},
		{"too soon", "queue/expiry-notice", waiting(encrypt).back("aaa", 5, "4.7.0", "TLS is required"), results.StatusFail, "given back (B)"},
		{"not at all", "queue/expiry-notice", waiting(encrypt).unended(), results.StatusFail, "neither delivered"},
		{"watched too short", "queue/expiry-notice", waiting(encrypt), results.StatusInconclusive, "neither delivered"},
		{"credentials in clear", "queue/login-only-in-clear", login(clearing("may"), "C AUTH PLAIN AGEAYg==", "S 235 ok"), results.StatusFail, "of a login"},
		{"the mechanism's name in clear", "queue/login-only-in-clear", login(clearing("may"), "C AUTH PLAIN", "S 334 ").back("aaa", 62, "4.7.0", ""), results.StatusPass, "deferred"},
		{"credentials by themselves", "queue/login-only-in-clear", login(clearing("may"), "C AUTH PLAIN", "S 334 ", "C AGEAYg=="), results.StatusInconclusive, ""},
		{"clear for both", "queue/per-destination", tell(encrypt, clearing("may")).mail("aaa", "bbb may").
			call(1, "tls-disabled", lines(unlisted, gives("bbb", ""))...).call(1, "tls-disabled", lines(unlisted, gives("aaa", ""))...), results.StatusFail, "in clear"},
		{"clear for one", "queue/per-destination", tell(encrypt, clearing("may")).mail("bbb may", "aaa").
			call(1, "tls-disabled", lines(unlisted, gives("bbb", ""))...).call(1, "tls-disabled", unlisted...).back("aaa", 62, "4.7.4", ""), results.StatusPass, "the one sent in clear"},
		{"clear for none", "queue/per-destination", tell(encrypt, clearing("may")).mail("aaa", "bbb may").
			call(1, "tls-disabled", unlisted...).back("aaa", 62, "4.7.4", "").back("bbb", 62, "4.7.4", ""), results.StatusInconclusive, "can be reached"},
	})
}

func TestManyMessagesEndOnceEach(t *testing.T) {
	encrypt := demanding("encrypt", results.VerifyNone)
	many := func() *story {
		return tell(clearing("may"), encrypt).mail("aaa", "bbb encrypt").call(1, "opportunistic", lines(hears, begins, greets, gives("aaa", "+"))...)
	}
	read(t, []chapter{
		{"each once", "queue/many", many().back("bbb", 62, "4.7.4", ""), results.StatusPass, "1 inside TLS, 0 in clear where that is allowed, 1 kept"},
		{"one lost", "queue/many", many().unended(), results.StatusFail, "bbb@x.test"},
		{"one not awaited", "queue/many", many(), results.StatusInconclusive, "bbb@x.test"},
		{"one twice", "queue/many", many().back("bbb", 62, "4.7.4", "").call(3, "opportunistic", lines(hears, begins, greets, gives("aaa", "+"))...), results.StatusFail, "2 times"},
		{"one delivered and given back", "queue/many", many().back("bbb", 62, "4.7.4", "").back("aaa", 63, "4.7.4", ""), results.StatusFail, "given back"},
		{"one in clear", "queue/many", many().call(2, "tls-disabled", lines(unlisted, gives("bbb", ""))...), results.StatusFail, "in clear"},
	})
}
