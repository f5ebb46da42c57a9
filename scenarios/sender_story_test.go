package scenarios_test

import (
	"strings"
	"testing"
	"time"

	"mailtls/results"
	"mailtls/scenarios"
)

// story is a transcript of a sender that is written by hand.
type story struct {
	results.Transcript
	claims results.Claims
}

// tell begins a story that is played under the first of the policies. All have a
// lifetime of 60 seconds.
func tell(policies ...results.SenderPolicy) *story {
	s := &story{Transcript: results.Transcript{
		Sanity: results.Sanity{Before: results.SanityOK, After: results.SanityOK}, Policy: policies[0].Name,
		Window: 90 * time.Second, Ended: results.Ended{Why: results.EndSettled, At: 80 * time.Second},
	}}
	for _, p := range policies {
		p.RetrySeconds, p.LifetimeSeconds = 10, 60
		s.claims.Policies = append(s.claims.Policies, p)
	}
	return s
}

// Policies of stories.
func clearing(name string) results.SenderPolicy {
	p := results.SenderPolicy{Name: name, Level: results.LevelOpportunistic, Fallback: map[results.Trigger]results.Reaction{}}
	for _, t := range results.Triggers() {
		p.Fallback[t] = results.ReactClearLater
	}
	p.Fallback[results.TriggerNotOffered], p.Fallback[results.TriggerRefused4xx] = results.ReactClearSame, results.ReactClearSame
	return p
}

func demanding(name string, v results.Verify) results.SenderPolicy {
	return results.SenderPolicy{Name: name, Level: results.LevelMandatory, Verify: v}
}

func sharing(p results.SenderPolicy) results.SenderPolicy { p.Reuse = true; return p }

// mail says that messages were submitted at the beginning, each with the first word
// as canary and the second as policy; without one it is the case's.
func (s *story) mail(words ...string) *story {
	for _, w := range words {
		canary, policy, _ := strings.Cut(w, " ")
		s.Submissions = append(s.Submissions, results.Submission{
			Canary: canary, Policy: policy, Recipient: canary + "@x.test", Reply: "250 2.0.0 Ok\r\n",
		})
	}
	return s
}

// call adds a connection to a peer that begins at a time in seconds. A line begins
// with C, C+, S or S+; + is inside TLS. "TLS 1.3" is a handshake, "TLS resumed" one
// that resumes a session, "TLS broken" one that fails. "C body" and what begins with
// "S" behind it are the content and its reply.
func (s *story) call(at float64, peer string, lines ...string) *story {
	now := time.Duration(at * float64(time.Second))
	c := results.Session{ID: len(s.Sessions) + 1, Leg: results.LegDeliver, Peer: peer, Host: "mx1.x.test", End: results.EndEOF}
	stages := map[string]results.Stage{
		"EHLO": results.StageHello, "STARTTLS": results.StageStartTLS, "AUTH": results.StageAuth, "MAIL": results.StageMail,
		"RCPT": results.StageRcpt, "DATA": results.StageData, "body": results.StageBody,
	}
	stage, mark, count, to := results.StageGreeting, "", 0, []string(nil)
	for _, line := range lines {
		now += time.Millisecond
		who, text, _ := strings.Cut(line, " ")
		if who == "TLS" {
			f := results.TLSFacts{Version: text, Hello: &results.ClientHello{SNI: "mx1.x.test"}, Complete: text != "broken"}
			if text == "resumed" {
				f.Version, f.Resumed = "1.3", true
			}
			c.TLS = append(c.TLS, f)
			continue
		}
		from := results.Server
		if who[0] == 'C' {
			from = results.Client
			verb, argument, _ := strings.Cut(text, " ")
			stage = stages[verb]
			switch verb {
			case "MAIL":
				count++
				mark, to = "t"+string(rune('0'+count)), nil
			case "RCPT":
				to = append(to, strings.Trim(argument, "TO:<>"))
			}
		} else if stage == results.StageBody && text[0] == '2' {
			s.Messages = append(s.Messages, results.Message{Session: c.ID, Mark: mark, To: to})
		}
		c.Events = append(c.Events, results.Event{
			At: now, From: from, Kind: results.EventData, Secure: strings.HasSuffix(who, "+"), Stage: stage, Mark: mark, Bytes: []byte(text + "\r\n"),
		})
	}
	c.EndAt = now
	s.Sessions = append(s.Sessions, c)
	return s
}

// at names the host of the last connection.
func (s *story) at(host string) *story {
	s.Sessions[len(s.Sessions)-1].Host = host
	return s
}

// back adds the notification that a message was given back at a time in seconds, with
// a status and what a person reads in it.
func (s *story) back(canary string, at float64, status, text string) *story {
	when := time.Duration(at * float64(time.Second))
	id := len(s.Sessions) + 1
	content := "Content-Type: multipart/report\r\n\r\n--b\r\n\r\n" + text +
		"\r\n--b\r\nContent-type: text/rfc822-headers\r\n\r\nSubject: a test of TLS\r\n\r\n--b--\r\n.\r\n"
	s.Sessions = append(s.Sessions, results.Session{
		ID: id, Leg: results.LegBounce, End: results.EndEOF, EndAt: when,
		Events: []results.Event{{At: when, From: results.Client, Kind: results.EventData, Stage: results.StageBody, Mark: "t1", Bytes: []byte(content)}},
	})
	s.DSNs = append(s.DSNs, results.DSN{At: when, Session: id, Recipient: canary + "@x.test", Action: "failed", Status: status})
	return s
}

// unended says that the window closed before everything was settled.
func (s *story) unended() *story {
	s.Ended = results.Ended{Why: results.EndWindow, At: 90 * time.Second}
	return s
}

// verdict is that on a case.
func (s *story) verdict(t *testing.T, id string) results.Verdict {
	t.Helper()
	c, err := scenarios.Find(id)
	if err != nil {
		t.Fatal(err)
	}
	return scenarios.Decide(c, &s.Transcript, s.claims)
}

// chapter is a story, and the verdict on it.
type chapter struct {
	name, id string
	story    *story
	want     results.Status
	// got is part of what the verdict says was seen, or of its reason.
	got string
}

// read judges stories.
func read(t *testing.T, chapters []chapter) {
	t.Helper()
	for _, c := range chapters {
		v := c.story.verdict(t, c.id)
		if v.Status != c.want || !strings.Contains(v.Reason+" "+v.Got, c.got) {
			t.Errorf("%s, %s: %s (%s), want %q, got %q; should be %s with %q", c.id, c.name, v.Status, v.Reason, v.Want, v.Got, c.want, c.got)
		}
	}
}

// What is said on connections.
var (
	hears    = []string{"S 220 mx", "C EHLO me", "S 250-mx\r\n250 STARTTLS"}
	begins   = []string{"C STARTTLS", "S 220 go"}
	greets   = []string{"TLS 1.3", "C+ EHLO me", "S+ 250 mx"}
	resumed  = []string{"TLS resumed", "C+ EHLO me", "S+ 250 mx"}
	refuses  = []string{"C STARTTLS", "S 454 no"}
	unlisted = []string{"S 220 mx", "C EHLO me", "S 250 mx"}
)

// gives hands a message over, in clear or inside TLS.
func gives(canary, where string) []string {
	return []string{
		"C" + where + " MAIL FROM:<" + canary + "@a.test>", "S" + where + " 250 ok", "C" + where + " RCPT TO:<" + canary + "@x.test>", "S" + where + " 250 ok",
		"C" + where + " DATA", "S" + where + " 354 go", "C" + where + " body of " + canary, "S" + where + " 250 taken",
	}
}
