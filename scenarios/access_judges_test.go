package scenarios_test

import (
	"strings"
	"testing"
	"time"

	"mailtls/results"
	"mailtls/scenarios"
)

// told is a session in which each mark has what the client said and what the server
// answered, in clear.
func told(id int, peer, listener string, turns ...[3]string) results.Session {
	s := results.Session{ID: id, Leg: results.LegProbe, Peer: peer, Listener: listener, End: results.EndOurs}
	for i, turn := range turns {
		at := time.Duration(i) * time.Millisecond
		for n, side := range []results.Side{results.Client, results.Server} {
			if text := turn[n+1]; text != "" {
				s.Events = append(s.Events, results.Event{At: at, From: side, Kind: results.EventData, Mark: turn[0], Bytes: []byte(text)})
			}
		}
	}
	return s
}

// TestJudgesOfClearAccess judges sessions in clear that are easily taken for the
// wrong thing.
func TestJudgesOfClearAccess(t *testing.T) {
	claims := results.Claims{Features: results.Features()}
	greeting, hello := [3]string{"greeting", "", "* OK mx\r\n"}, [3]string{"greeting", "", "+OK mx\r\n"}
	list := func(words string) [3]string {
		return [3]string{"capability", "capability CAPABILITY\r\n", "* CAPABILITY IMAP4rev1 " + words + "\r\ncapability OK done\r\n"}
	}
	capa := func(lines string) [3]string { return [3]string{"capability", "CAPA\r\n", "+OK\r\n" + lines + ".\r\n"} }
	login := func(answer string) [3]string { return [3]string{"login", "login LOGIN \"u\" \"p\"\r\n", answer} }
	for name, tt := range map[string]struct {
		id       string
		sessions []results.Session
		want     results.Status
	}{
		"LOGINDISABLED stands for no login":       {"imap/login-listed", []results.Session{told(1, "client", "imap", greeting, list("STARTTLS LOGINDISABLED"))}, results.StatusPass},
		"small letters are the same":              {"imap/login-listed", []results.Session{told(1, "client", "imap", greeting, list("starttls logindisabled"))}, results.StatusPass},
		"without it there is one":                 {"imap/login-listed", []results.Session{told(1, "client", "imap", greeting, list("STARTTLS"))}, results.StatusFail},
		"GSSAPI shows no password":                {"imap/login-listed", []results.Session{told(1, "client", "imap", greeting, list("LOGINDISABLED AUTH=GSSAPI"))}, results.StatusPass},
		"LOGIN does":                              {"imap/login-listed", []results.Session{told(1, "client", "imap", greeting, list("LOGINDISABLED AUTH=LOGIN"))}, results.StatusFail},
		"a refused list tells nothing":            {"imap/starttls-missing", []results.Session{told(1, "client", "imap", greeting, [3]string{"capability", "capability CAPABILITY\r\n", "capability BAD no\r\n"})}, results.StatusInconclusive},
		"STARTTLS as a part of a word is none":    {"imap/starttls-missing", []results.Session{told(1, "client", "imap", greeting, list("XSTARTTLS"))}, results.StatusFail},
		"SASL in POP3 is a list":                  {"pop3/login-listed", []results.Session{told(1, "client", "pop3", hello, capa("STLS\r\nSASL GSSAPI PLAIN\r\n"))}, results.StatusFail},
		"an empty SASL is none":                   {"pop3/login-listed", []results.Session{told(1, "client", "pop3", hello, capa("STLS\r\nSASL\r\n"))}, results.StatusPass},
		"USER behind another word is none":        {"pop3/login-listed", []results.Session{told(1, "client", "pop3", hello, capa("STLS\r\nX USER\r\n"))}, results.StatusPass},
		"another tag answers no login":            {"imap/authenticate-in-clear/challenge", []results.Session{told(1, "client", "imap", greeting, login("other OK done\r\n"))}, results.StatusInconclusive},
		"a challenge is too much":                 {"imap/authenticate-in-clear/challenge", []results.Session{told(1, "client", "imap", greeting, login("+ \r\n"))}, results.StatusFail},
		"BAD is a refusal of another kind":        {"imap/authenticate-in-clear/challenge", []results.Session{told(1, "client", "imap", greeting, login("login BAD what\r\n"))}, results.StatusNonstrict},
		"the same words for both":                 {"imap/login-in-clear", []results.Session{told(1, "right", "imap", greeting, login("login NO no\r\n")), told(2, "wrong", "imap", greeting, login("login NO no\r\n"))}, results.StatusPass},
		"other words for one":                     {"imap/login-in-clear", []results.Session{told(1, "right", "imap", greeting, login("login NO no\r\n")), told(2, "wrong", "imap", greeting, login("login NO wrong\r\n"))}, results.StatusFail},
		"one of the two was not held":             {"imap/login-in-clear", []results.Session{told(1, "right", "imap", greeting, login("login NO no\r\n"))}, results.StatusInconclusive},
		"a greeting that says PREAUTH":            {"imap/preauth-in-clear", []results.Session{told(1, "client", "imap", [3]string{"greeting", "", "* PREAUTH mx\r\n"})}, results.StatusFail},
		"a greeting that says BYE logs nobody in": {"imap/preauth-in-clear", []results.Session{told(1, "client", "imap", [3]string{"greeting", "", "* BYE later\r\n"})}, results.StatusPass},
	} {
		c, err := scenarios.Find(tt.id)
		if err != nil {
			t.Fatal(err)
		}
		v := scenarios.Decide(c, &results.Transcript{
			Case: tt.id, Sessions: tt.sessions, Sanity: results.Sanity{Before: results.SanityOK, After: results.SanityOK},
			Ended: results.Ended{Why: results.EndSettled},
		}, claims)
		if v.Status != tt.want || v.Status == results.StatusInconclusive && strings.TrimSpace(v.Reason) == "" {
			t.Errorf("%s: the verdict is %s (%s, got %q), want %s", name, v.Status, v.Reason, v.Got, tt.want)
		}
	}
}
