package scenarios_test

import (
	"testing"
	"time"

	"mailtls/results"
)

// waits is the notification that comes when the lifetime is over.
func (s *seen) waits() *seen { return s.back(expiry, "") }

func TestTemporaryRefusals(t *testing.T) {
	refused := join(opened, []string{"C STARTTLS", "S 450 no"})
	same := may(results.ReactClearSame, results.TriggerRefused4xx)
	under(same).visit(0, "x", join(refused, inClear)...).took(0).is(t, "refusals/450", results.StatusPass)
	under(same).visit(0, "x", refused...).waits().is(t, "refusals/450", results.StatusFail)
	under(must()).visit(0, "x", refused...).waits().is(t, "refusals/450", results.StatusPass)
	under(must()).visit(0, "x", refused...).back(time.Second, "").is(t, "refusals/450", results.StatusFail)
	under(must()).visit(0, "x", join(refused, inClear)...).took(0).is(t, "refusals/450", results.StatusFail)
	again := under(same).visit(0, "x", join(refused, []string{"C STARTTLS", "S 450 no"}, inClear)...).took(0)
	again.is(t, "refusals/450", results.StatusFail)
}

func TestClosedWith421(t *testing.T) {
	const id = "refusals/421"
	refused := join(opened, []string{"C STARTTLS", "S 421 bye"})
	same, anew := may(results.ReactClearSame, results.TriggerRefused4xx), may(results.ReactClearNew, results.TriggerRefused4xx)
	fresh := join(opened, inClear)
	under(same).visit(0, "x", refused...).waits().is(t, id, results.StatusPass)
	under(same).visit(0, "x", refused...).visit(0.1, "x", fresh...).took(0).is(t, id, results.StatusFail)
	under(anew).visit(0, "x", refused...).visit(0.1, "x", fresh...).took(0).is(t, id, results.StatusPass)
}

func Test354IsNoGoAhead(t *testing.T) {
	const id = "refusals/354"
	refused := join(opened, []string{"C STARTTLS", "S 354 go"})
	under(may("")).visit(0, "x", join(refused, inClear)...).took(0).is(t, id, results.StatusPass)
	under(must()).visit(0, "x", append(refused, "C QUIT")...).waits().is(t, id, results.StatusPass)
	under(may("")).visit(0, "x", append(refused, "C From: me\r\n.")...).waits().is(t, id, results.StatusFail)
	under(must()).visit(0, "x", append(refused, "h")...).waits().is(t, id, results.StatusFail)
}

func TestMalformedAnswers(t *testing.T) {
	refused := join(opened, []string{"C STARTTLS", "S 999 x"})
	under(may("")).visit(0, "x", refused...).waits().is(t, "refusals/999", results.StatusPass)
	under(may("")).visit(0, "x", join(refused, inClear)...).took(0).is(t, "refusals/999", results.StatusFail)
	under(must()).visit(0, "x", join(refused, inside, secured)...).took(0).is(t, "refusals/999", results.StatusFail)
}

func TestPatience(t *testing.T) {
	const id = "refusals/silent"
	silent := func(end time.Duration) *seen {
		s := under(must()).visit(0, "x", join(opened, []string{"C STARTTLS"})...)
		s.Sessions[0].EndAt = end
		return s.waits()
	}
	silent(5*time.Second).is(t, id, results.StatusPass)
	silent(30*time.Second).is(t, id, results.StatusNonstrict)
	never := under(must())
	never.Ended = results.Ended{Why: results.EndWindow, At: 90 * time.Second}
	never.is(t, id, results.StatusFail)
	never.Ended.At = 10 * time.Second
	never.is(t, id, results.StatusInconclusive)
}

func TestClearBehindTheGoAhead(t *testing.T) {
	later := may(results.ReactClearLater, results.TriggerFailed)
	begun := join(opened, asked, []string{"h"})
	fresh := join(opened, inClear)
	for _, id := range []string{"handshake/cleartext-454", "handshake/garbage", "handshake/alert-70"} {
		under(later).visit(0, "x", begun...).visit(20, "x", fresh...).took(0).is(t, id, results.StatusPass)
		under(later).visit(0, "x", begun...).visit(0.1, "x", fresh...).took(0).is(t, id, results.StatusFail)
		under(later).visit(0, "x", join(begun, inClear)...).took(0).is(t, id, results.StatusFail)
		under(later).visit(0, "x", join(begun, []string{"C QUIT"})...).visit(20, "x", fresh...).took(0).is(t, id, results.StatusFail)
		under(must()).visit(0, "x", begun...).waits().is(t, id, results.StatusPass)
	}
}

func TestHandshakesThatMustNotBeTaken(t *testing.T) {
	whole := join(opened, asked, inside, secured)
	for _, id := range []string{"handshake/wrong-finished", "handshake/bad-signature"} {
		under(must()).visit(0, "x", whole...).took(0).is(t, id, results.StatusFail)
		under(must()).visit(0, "x", join(opened, asked, []string{"h"})...).waits().is(t, id, results.StatusPass)
	}
}

func TestNextHost(t *testing.T) {
	const id = "handshake/next-host"
	first, whole := join(opened, asked, []string{"h"}), join(opened, asked, inside, secured)
	second := under(must()).visit(0, "x", first...).visit(0.1, "x", whole...).took(0)
	second.is(t, id, results.StatusFail) // to the host that was to fail
	second.Sessions[1].Host = "mx2.test"
	second.is(t, id, results.StatusPass)
	under(must()).visit(0, "x", first...).waits().is(t, id, results.StatusFail)
	under(may("")).visit(0, "x", first...).visit(0.1, "x", join(opened, inClear)...).took(0).is(t, id, results.StatusInfo)
}

func TestRounds(t *testing.T) {
	const id = "handshake/clear-retry-refused"
	tls, plain := join(opened, asked, []string{"h"}), join(opened, []string{"C MAIL FROM:<a@b>", "S 530 tls", "C QUIT"})
	under(may("")).visit(0, "x", tls...).visit(0.1, "x", plain...).visit(10, "x", tls...).visit(10.1, "x", plain...).waits().is(t, id, results.StatusPass)
	under(may("")).visit(0, "x", tls...).visit(0.1, "x", plain...).visit(0.2, "x", tls...).waits().is(t, id, results.StatusFail)
	under(may("")).visit(0, "x", tls...).visit(0.1, "x", plain...).visit(0.2, "x", plain...).waits().is(t, id, results.StatusFail)
	under(may("")).is(t, id, results.StatusInconclusive)
}

func TestLoginInClear(t *testing.T) {
	const id = "handshake/login-in-clear"
	p := may("")
	p.Credentials = true
	tls := join(opened, asked, []string{"h"})
	under(p).visit(0, "x", tls...).visit(0.1, "x", join(opened, inClear)...).took(0).is(t, id, results.StatusPass)
	under(p).visit(0, "x", tls...).visit(0.1, "x", join(opened, []string{"C AUTH PLAIN AGEAYg==", "S 235 ok"}, inClear)...).took(0).is(t, id, results.StatusFail)
}

func TestRepaired(t *testing.T) {
	const id = "handshake/repaired"
	failed, whole := join(opened, asked, []string{"h"}), join(opened, asked, inside, secured)
	under(must()).visit(0, "x", failed...).submit().visit(3, "x", whole...).took(0).visit(4, "x", whole...).took(1).is(t, id, results.StatusPass)
	under(must()).visit(0, "x", failed...).submit().visit(3, "x", whole...).took(1).waits().is(t, id, results.StatusFail)
	early := under(must()).visit(0, "x", failed...).submit().visit(3, "x", whole...).took(0).visit(4, "x", whole...).took(1)
	early.Submissions[1].At = 5 * time.Second // the reply was heard late
	early.is(t, id, results.StatusPass)
	under(must()).submit().visit(3, "x", whole...).took(0).visit(4, "x", whole...).took(1).is(t, id, results.StatusNA)
}

func TestSentAgain(t *testing.T) {
	const id, peer = "lost/fin-at-final-dot", "fin-at-final-dot"
	whole := join(opened, asked, inside, secured)
	unanswered := whole[:len(whole)-1]
	under(must()).visit(0, peer, unanswered...).took(0).visit(10, "x", whole...).took(0).is(t, id, results.StatusPass)
	under(may("")).visit(0, peer, unanswered...).took(0).visit(10, "x", join(opened, inClear)...).took(0).is(t, id, results.StatusInfo)
	under(must()).visit(0, peer, unanswered...).took(0).visit(10, "x", join(opened, inClear)...).took(0).is(t, id, results.StatusFail)
	under(must()).visit(0, peer, unanswered...).took(0).waits().is(t, id, results.StatusFail)
	late := under(must()).visit(expiry.Seconds()-3, peer, unanswered...).took(0).waits()
	late.is(t, id, results.StatusInconclusive)
	under(must()).visit(10, "x", whole...).took(0).is(t, id, results.StatusNA)
	twice := under(must()).visit(0, peer, unanswered...).took(0).visit(10, "x", whole...).took(0).visit(20, "x", whole...).took(0)
	twice.is(t, id, results.StatusFail)
}

func TestSentAwayInsideTLS(t *testing.T) {
	const id = "lost/ehlo-421"
	away := join(opened, asked, []string{"H", "C+ EHLO me", "S+ 421 later"})
	fresh := join(opened, inClear)
	under(may("")).visit(0, "x", away...).waits().is(t, id, results.StatusPass)
	under(may("")).visit(0, "x", away...).visit(20, "x", fresh...).took(0).is(t, id, results.StatusPass)
	under(may("")).visit(0, "x", away...).visit(0.1, "x", fresh...).took(0).is(t, id, results.StatusFail)
}

func TestHostsThatBecameWorse(t *testing.T) {
	whole := join(opened, asked, inside, secured)
	good := func(p results.SenderPolicy) *seen {
		s := under(p)
		for n := range 3 {
			if n > 0 {
				s.submit()
			}
			s.visit(float64(n), "opportunistic", whole...).took(n)
		}
		return s.submit()
	}
	const vanished = "memory/tls-vanished"
	kept := good(must()).visit(10, "tls-disabled", "S 220 mx", "C EHLO me", "S 250 mx", "C QUIT")
	kept.DSNs = append(kept.DSNs, results.DSN{At: time.Minute + expiry, Recipient: "canary3@test", Action: "failed"})
	kept.is(t, vanished, results.StatusPass)
	good(must()).visit(10, "tls-disabled", join([]string{"S 220 mx", "C EHLO me", "S 250 mx"}, inClear)...).took(3).is(t, vanished, results.StatusFail)
	good(may("")).visit(10, "tls-disabled", join([]string{"S 220 mx", "C EHLO me", "S 250 mx"}, inClear)...).took(3).is(t, vanished, results.StatusInfo)
	under(must()).visit(0, "x", whole...).took(0).is(t, vanished, results.StatusInconclusive)
	verified := must()
	verified.Verify = results.VerifyMXName
	good(verified).visit(10, "self-signed", whole...).took(3).is(t, "memory/certificate-changed", results.StatusFail)
	good(must()).visit(10, "self-signed", whole...).took(3).is(t, "memory/certificate-changed", results.StatusInfo)
}

func TestEnforced(t *testing.T) {
	const id = "enforced/tls12-required"
	none := results.SenderPolicy{Level: results.LevelNone}
	refused := []string{"S 220 mx", "C EHLO me", "S 250-mx\r\n250 STARTTLS", "C MAIL FROM:<a@b>", "S 530 tls", "C QUIT"}
	under(none).visit(0, "x", refused...).back(time.Second, "smtp; 530 5.7.0 tls").is(t, id, results.StatusPass)
	under(none).visit(0, "x", refused...).back(time.Second, "unknown error").is(t, id, results.StatusFail)
	under(may("")).visit(0, "x", join(opened, asked, inside, secured)...).took(0).is(t, id, results.StatusPass)
	under(may("")).visit(0, "x", refused...).back(time.Second, "smtp; 530 5.7.0 tls").is(t, id, results.StatusFail)
}
