package scenarios_test

import (
	"strings"
	"testing"

	"mailtls/results"
	"mailtls/scenarios"
)

// TestJudgeOfLocalReplies counts replies where they are easily miscounted.
func TestJudgeOfLocalReplies(t *testing.T) {
	const ok, no, bye = "250 2.0.0 Ok\r\n", "550 5.1.1 No\r\n", "221 2.0.0 Bye\r\n"
	all := []string{ok, ok, ok}
	for name, tt := range map[string]struct {
		rcpts []string
		body  string
		end   results.SessionEnd
		want  results.Status
	}{
		"a reply for each":                     {all, ok + ok + ok + bye, results.EndEOF, results.StatusPass},
		"one of them negative":                 {all, ok + no + ok + bye, results.EndEOF, results.StatusPass},
		"one of several lines is one":          {all, "250-2.0.0 Ok\r\n" + ok + ok + ok + bye, results.EndEOF, results.StatusPass},
		"several lines are not several":        {all, "250-2.0.0 Ok\r\n250-2.0.0 Ok\r\n" + ok + bye, results.EndEOF, results.StatusFail},
		"none for who was refused":             {[]string{ok, no, ok}, ok + ok + bye, results.EndEOF, results.StatusPass},
		"one for who was refused":              {[]string{ok, no, ok}, ok + ok + ok + bye, results.EndEOF, results.StatusFail},
		"the answer to QUIT is none":           {all, ok + ok + bye, results.EndEOF, results.StatusFail},
		"the answer to QUIT comes too early":   {all, ok + bye + ok + ok, results.EndEOF, results.StatusFail},
		"one too many":                         {all, ok + ok + ok + ok + bye, results.EndEOF, results.StatusFail},
		"QUIT unanswered":                      {all, ok + ok + ok, results.EndEOF, results.StatusPass},
		"the end of the connection in between": {all, ok, results.EndEOF, results.StatusFail},
		"the end of the connection at once":    {all, "", results.EndEOF, results.StatusInconclusive},
		"silence in between":                   {all, ok, results.EndTimeout, results.StatusInconclusive},
		"a server about to stop":               {all, ok + "421 4.3.2 Later\r\n", results.EndEOF, results.StatusInconclusive},
		"one recipient shows nothing":          {[]string{ok, no, no}, ok + bye, results.EndEOF, results.StatusInconclusive},
		"named in order":                       {all, saved("a") + saved("B") + saved("a") + bye, results.EndEOF, results.StatusPass},
		"named out of order":                   {all, saved("b") + saved("a") + saved("a") + bye, results.EndEOF, results.StatusFail},
		"another's name is no recipient's":     {all, ok + saved("ma") + ok + bye, results.EndEOF, results.StatusPass},
		"in order, without who was refused":    {[]string{no, ok, ok}, saved("b") + saved("a") + bye, results.EndEOF, results.StatusPass},
	} {
		v := decideLocally(t, tt.rcpts, tt.body, tt.end)
		if v.Status != tt.want || v.Status == results.StatusInconclusive && strings.TrimSpace(v.Reason) == "" {
			t.Errorf("%s: the verdict is %s (%s, got %q), want %s", name, v.Status, v.Reason, v.Got, tt.want)
		}
	}
}

// saved is a reply that names the recipient.
func saved(name string) string { return "250 2.0.0 <" + name + "@mailtls.test> Saved\r\n" }

// decideLocally judges a delivery by LMTP to a, b and a, by what RCPT and the
// content got.
func decideLocally(t *testing.T, rcpts []string, body string, end results.SessionEnd) results.Verdict {
	t.Helper()
	c, err := scenarios.Find("lmtp/replies-missing")
	if err != nil {
		t.Fatal(err)
	}
	s := told(1, "client", "lmtp",
		[3]string{"greeting", "", "220 mx LMTP\r\n"},
		[3]string{"lhlo", "LHLO c\r\n", "250-mx\r\n250 STARTTLS\r\n"},
		[3]string{"starttls", "STARTTLS\r\n", "220 Go\r\n"},
		[3]string{"lhlo-tls", "LHLO c\r\n", "250 mx\r\n"},
		[3]string{"mail", "MAIL FROM:<c@sender.example>\r\n", "250 Ok\r\n"},
		[3]string{"rcpt", "RCPT TO:<a@mailtls.test>\r\n", rcpts[0]},
		[3]string{"rcpt2", "RCPT TO:<b@mailtls.test>\r\n", rcpts[1]},
		[3]string{"rcpt3", "RCPT TO:<a@mailtls.test>\r\n", rcpts[2]},
		[3]string{"data", "DATA\r\n", "354 Go on\r\n"},
		[3]string{"body", "Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n", body},
	)
	s.End, s.TLS = end, []results.TLSFacts{{Complete: true, Version: "1.3"}}
	for i := range s.Events {
		s.Events[i].Secure = i > 4
	}
	return scenarios.Decide(c, &results.Transcript{
		Case: c.ID, Sessions: []results.Session{s}, Sanity: results.Sanity{Before: results.SanityOK, After: results.SanityOK},
		Ended: results.Ended{Why: results.EndSettled},
	}, results.Claims{Features: results.Features()})
}
