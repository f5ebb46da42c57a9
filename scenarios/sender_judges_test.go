package scenarios_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mailtls/results"
	"mailtls/scenarios"
)

// seen is a transcript of a sender under one policy, made by hand.
type seen struct {
	*results.Transcript
	policy results.SenderPolicy
}

// under begins a transcript: one message was submitted under a policy.
func under(p results.SenderPolicy) *seen {
	p.Name, p.RetrySeconds, p.LifetimeSeconds, p.TimeoutSeconds = "p", 10, 60, 5
	s := &seen{policy: p, Transcript: &results.Transcript{
		Policy: "p", Sanity: results.Sanity{Before: results.SanityOK, After: results.SanityOK},
		Ended: results.Ended{Why: results.EndSettled, At: time.Minute}, Window: 90 * time.Second,
	}}
	return s.submit()
}

// submit hands one more message over at the time of the last thing seen.
func (s *seen) submit() *seen {
	at := time.Duration(0)
	if n := len(s.Sessions); n > 0 {
		at = s.Sessions[n-1].EndAt + time.Millisecond
	}
	s.Submissions = append(s.Submissions, results.Submission{Canary: fmt.Sprintf("canary%d", len(s.Submissions)), At: at, Reply: "250 ok"})
	return s
}

// visit adds a connection that begins at a time in seconds. Each line is "C" or "S",
// a space, and what was said; "C+" and "S+" inside TLS; "H" is a handshake that comes
// about, "h" one that does not.
func (s *seen) visit(at float64, peer string, lines ...string) *seen {
	now := time.Duration(at * float64(time.Second))
	v := results.Session{ID: len(s.Sessions) + 1, Leg: results.LegDeliver, Peer: peer, Host: "mx1.test", End: results.EndEOF}
	stage := results.StageGreeting
	for _, line := range lines {
		now += time.Millisecond
		who, text, _ := strings.Cut(line, " ")
		switch who {
		case "H", "h":
			v.TLS = append(v.TLS, results.TLSFacts{Version: "1.3", Hello: &results.ClientHello{}, Complete: who == "H"})
			continue
		}
		e := results.Event{At: now, From: results.Client, Kind: results.EventData, Secure: strings.HasSuffix(who, "+"), Bytes: []byte(text + "\r\n")}
		verb, _, _ := strings.Cut(text, " ")
		if who[0] == 'S' {
			e.From = results.Server
		} else if verb == "BODY" {
			stage = results.StageBody
		} else {
			stage = map[string]results.Stage{"MAIL": results.StageMail, "RCPT": results.StageRcpt, "DATA": results.StageData, "AUTH": results.StageAuth}[verb]
		}
		e.Stage = stage
		if stage == results.StageMail || stage == results.StageRcpt || stage == results.StageData || stage == results.StageBody {
			e.Mark = "t1"
		}
		v.Events = append(v.Events, e)
	}
	v.EndAt = now
	s.Sessions = append(s.Sessions, v)
	return s
}

// took says that the last connection brought the n-th message.
func (s *seen) took(n int) *seen {
	s.Messages = append(s.Messages, results.Message{Session: len(s.Sessions), Mark: "t1", To: []string{fmt.Sprintf("canary%d@test", n)}})
	return s
}

// back adds the notification that the first message was given back.
func (s *seen) back(at time.Duration, diagnostic string) *seen {
	s.DSNs = append(s.DSNs, results.DSN{At: at, Recipient: "canary0@test", Action: "failed", Status: "5.0.0", Diagnostic: diagnostic})
	return s
}

// is holds the verdict on a case.
func (s *seen) is(t *testing.T, id string, want results.Status) {
	t.Helper()
	c, err := scenarios.Find(id)
	if err != nil {
		t.Fatal(err)
	}
	v := scenarios.Decide(c, s.Transcript, results.Claims{Policies: []results.SenderPolicy{s.policy}})
	if v.Status != want {
		t.Errorf("%s under %s is %s (%s; want %s, got %s), want %s", id, s.policy.Level, v.Status, v.Reason, v.Want, v.Got, want)
	}
}

func may(r results.Reaction, triggers ...results.Trigger) results.SenderPolicy {
	p := results.SenderPolicy{Level: results.LevelOpportunistic, Fallback: map[results.Trigger]results.Reaction{}}
	for _, tr := range triggers {
		p.Fallback[tr] = r
	}
	return p
}

func must() results.SenderPolicy { return results.SenderPolicy{Level: results.LevelMandatory} }

// What is said on connections.
var (
	opened  = []string{"S 220 mx", "C EHLO me", "S 250-mx\r\n250 STARTTLS"}
	asked   = []string{"C STARTTLS", "S 220 go"}
	inside  = []string{"H", "C+ EHLO me", "S+ 250 mx"}
	inClear = []string{"C MAIL FROM:<a@b>", "S 250 ok", "C RCPT TO:<canary@test>", "S 250 ok", "C DATA", "S 354 go", "C BODY canary\r\n.", "S 250 taken"}
	secured = []string{"C+ MAIL FROM:<a@b>", "S+ 250 ok", "C+ RCPT TO:<canary@test>", "S+ 250 ok", "C+ DATA", "S+ 354 go", "C+ BODY canary\r\n.", "S+ 250 taken"}
)

func join(parts ...[]string) []string {
	var all []string
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

const expiry = 59 * time.Second

func TestFirstInside(t *testing.T) {
	const id = "dialogue/no-ehlo-inside-tls"
	begin := join(opened, asked, []string{"H"})
	under(must()).visit(0, "x", join(begin, []string{"C+ EHLO me", "S+ 250 mx"}, secured)...).took(0).is(t, id, results.StatusPass)
	under(must()).visit(0, "x", join(begin, []string{"C+ HELO me", "S+ 250 mx"}, secured)...).took(0).is(t, id, results.StatusNonstrict)
	under(must()).visit(0, "x", join(begin, secured)...).took(0).is(t, id, results.StatusFail)
	under(must()).visit(0, "x", opened...).back(expiry, "").is(t, id, results.StatusInconclusive)
}

func TestForgottenCapabilities(t *testing.T) {
	const id = "dialogue/capabilities-before-tls-only"
	begin := join(opened, asked, inside)
	sized := append([]string{"C+ MAIL FROM:<a@b> SIZE=500"}, secured[1:]...)
	grouped := append([]string{"C+ MAIL FROM:<a@b>\r\nRCPT TO:<canary@test>\r\nDATA", "S+ 250 ok\r\n250 ok\r\n354 go"}, secured[6:]...)
	under(must()).visit(0, "x", join(begin, secured)...).took(0).is(t, id, results.StatusPass)
	under(must()).visit(0, "x", join(begin, sized)...).took(0).is(t, id, results.StatusFail)
	under(must()).visit(0, "x", join(begin, grouped)...).took(0).is(t, id, results.StatusFail)
	under(must()).visit(0, "x", begin...).back(time.Second, "552 too big").is(t, id, results.StatusFail)
	under(may("")).visit(0, "x", join(opened, inClear)...).took(0).is(t, id, results.StatusInconclusive)
}

func TestStartTLSLine(t *testing.T) {
	const id = "dialogue/starttls-line"
	for line, want := range map[string]results.Status{
		"STARTTLS": results.StatusPass, "starttls": results.StatusNonstrict, "STARTTLS x": results.StatusFail,
		"STARTTLS ": results.StatusFail, "NOOP\r\nSTARTTLS": results.StatusPass, "STARTTLS\r\nEHLO me": results.StatusFail,
	} {
		under(must()).visit(0, "x", join(opened, []string{"C " + line, "S 220 go"}, inside, secured)...).took(0).is(t, id, want)
	}
}

func TestGreetings(t *testing.T) {
	quits := []string{"S 554 no", "C QUIT", "S 221 bye"}
	under(must()).visit(0, "x", quits...).back(time.Second, "").is(t, "dialogue/greeting-554", results.StatusPass)
	under(must()).visit(0, "x", quits...).back(time.Second, "").is(t, "dialogue/greeting-421", results.StatusFail)
	under(must()).visit(0, "x", quits...).back(expiry, "").is(t, "dialogue/greeting-421", results.StatusPass)
	on := under(must()).visit(0, "x", join(opened, asked, inside, secured)...).took(0)
	on.is(t, "dialogue/greeting-354", results.StatusFail)
	on.is(t, "dialogue/greeting-221", results.StatusNonstrict)
}

func TestHeloAfterRefusal(t *testing.T) {
	helo := []string{"S 220 mx", "C EHLO me", "S 500 no", "C HELO me", "S 250 mx"}
	for _, id := range []string{"dialogue/ehlo-500", "dialogue/ehlo-550", "dialogue/ehlo-504"} {
		under(may("")).visit(0, "x", join(helo, inClear)...).took(0).is(t, id, results.StatusPass)
		under(must()).visit(0, "x", join(helo, inClear)...).took(0).is(t, id, results.StatusFail)
		under(must()).visit(0, "x", helo[:3]...).back(expiry, "").is(t, id, results.StatusPass)
	}
	under(may("")).visit(0, "x", helo[:3]...).back(expiry, "").is(t, "dialogue/ehlo-500", results.StatusNonstrict)
	under(may("")).visit(0, "x", helo[:3]...).back(expiry, "").is(t, "dialogue/ehlo-550", results.StatusPass)
}

func TestUnsolicitedReply(t *testing.T) {
	const id = "dialogue/unsolicited-ehlo-reply"
	begin := []string{"S 220 mx\r\n250-mx\r\n250 8BITMIME", "C EHLO me", "S 250-mx\r\n250 STARTTLS"}
	under(may("")).visit(0, "x", join(begin, asked, inside, secured)...).took(0).is(t, id, results.StatusPass)
	under(may("")).visit(0, "x", begin[:1]...).back(expiry, "").is(t, id, results.StatusPass)
	under(may("")).visit(0, "x", join(begin, inClear[:4])...).back(expiry, "").is(t, id, results.StatusFail)
	together := []string{begin[0], "C EHLO me\r\nMAIL FROM:<a@b>", begin[2]}
	under(may("")).visit(0, "x", together...).back(expiry, "").is(t, id, results.StatusFail)
	under(may("")).visit(0, "x", begin[:2]...).back(time.Second, "").is(t, id, results.StatusFail)
}

// TestGivenBackLateIsNotAlwaysKept: what was refused for good at a first attempt that
// came late was not kept; what was tried before, or refused for now, was.
func TestGivenBackLateIsNotAlwaysKept(t *testing.T) {
	for name, tt := range map[string]struct {
		s    *seen
		want results.FateCode
	}{
		"at once":                {under(must()).visit(1, "x", opened...).back(2*time.Second, "smtp; 530 TLS first"), results.FateBounced},
		"first attempt late":     {under(must()).visit(57, "x", opened...).back(expiry, "smtp; 530 TLS first"), results.FateBounced},
		"late, refused for now":  {under(must()).visit(57, "x", opened...).back(expiry, "smtp; 454 no TLS"), results.FateDeferred},
		"late, in other words":   {under(must()).visit(57, "x", opened...).back(expiry, "X-Postfix; TLS is required"), results.FateDeferred},
		"tried before":           {under(must()).visit(1, "x", opened...).visit(57, "x", opened...).back(expiry, "smtp; 530 TLS first"), results.FateDeferred},
		"nobody was ever called": {under(must()).back(expiry, "smtp; 530 TLS first"), results.FateDeferred},
	} {
		if f := scenarios.Fate(tt.s.Transcript, results.Claims{Policies: []results.SenderPolicy{tt.s.policy}}); f.Code != tt.want {
			t.Errorf("%s: %s, want %s", name, f.Code, tt.want)
		}
	}
}
