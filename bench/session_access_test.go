package bench

import (
	"slices"
	"strings"
	"testing"

	"mailtls/results"
)

func TestSessionsOfServersOfMailboxes(t *testing.T) {
	upgrade := []results.Phase{"connect", "greeting", "ehlo", "starttls", "handshake", "ehlo-tls", "session"}
	for name, tt := range map[string]struct {
		peer    string
		session results.SessionPlan
		phases  []results.Phase
	}{
		"IMAP starttls": {"imap-basic-after-tls", results.SessionPlan{Protocol: results.IMAP}, upgrade},
		"POP3 starttls": {"pop3-basic-after-tls", results.SessionPlan{Protocol: results.POP3, Verify: results.CheckChain}, upgrade},
		"IMAP resumed":  {"imap-basic-after-tls", results.SessionPlan{Protocol: results.IMAP, Kind: results.KindStartTLSResumed}, upgrade},
		"IMAP implicit": {"imaps", results.SessionPlan{Protocol: results.IMAP, Kind: results.KindImplicit}, []results.Phase{"connect", "greeting", "ehlo", "handshake", "session"}},
		"POP3 implicit": {"pop3s", results.SessionPlan{Protocol: results.POP3, Kind: results.KindImplicit}, []results.Phase{"connect", "greeting", "ehlo", "handshake", "session"}},
		"POP3 plain":    {"pop3-basic-after-tls", results.SessionPlan{Protocol: results.POP3, Kind: results.KindPlain}, []results.Phase{"connect", "greeting", "ehlo", "session"}},
		"IMAP fallback": {"imap-basic-after-tls", results.SessionPlan{Protocol: results.IMAP, Kind: results.KindFallback, TLS: 0x0301}, []results.Phase{"connect", "greeting", "ehlo", "starttls", "session"}},
	} {
		for _, mode := range results.CloseModes() {
			t.Run(name+" "+string(mode), func(t *testing.T) {
				r := load(t, startPeer(t, named(t, tt.peer)), 6, tt.session, func(p *results.Plan) { p.Close = mode })
				if r.Completed != 6 {
					t.Fatalf("%d completed, failed %v", r.Completed, r.Failed)
				}
				for _, p := range results.Phases() {
					want := int64(0)
					if slices.Contains(tt.phases, p) {
						want = 6
					}
					if got := r.Phases[p].Count; got != want {
						t.Errorf("phase %s was met %d times, want %d", p, got, want)
					}
				}
				if resumes := tt.session.Kind == results.KindStartTLSResumed; resumes != (r.Resumed >= 4) {
					t.Errorf("%d resumed", r.Resumed)
				}
			})
		}
	}
}

func TestErrorsOfServersOfMailboxesAreClassed(t *testing.T) {
	for name, tt := range map[string]struct {
		peer *peer
		of   results.Protocol
		want results.ErrorClass
	}{
		"IMAP BYE":             {says(t, "* BYE too busy\r\n"), results.IMAP, results.FailReply5},
		"SMTP for IMAP":        {says(t, "220 x\r\n"), results.IMAP, results.FailReply},
		"NO to CAPABILITY":     {says(t, "* OK x\r\n", "a1 NO not now\r\n"), results.IMAP, results.FailReply5},
		"another tag":          {says(t, "* OK x\r\n", "a2 OK x\r\n"), results.IMAP, results.FailReply},
		"IMAP without TLS":     {says(t, "* OK x\r\n", "* CAPABILITY IMAP4rev1 XSTARTTLS STARTTLSX\r\na1 OK x\r\n"), results.IMAP, results.FailNotOffered},
		"BAD to STARTTLS":      {says(t, "* PREAUTH x\r\n", "* CAPABILITY IMAP4rev1 starttls\r\na1 OK x\r\n", "a2 BAD no\r\n"), results.IMAP, results.FailReply5},
		"injected by IMAP":     {says(t, "* OK x\r\n", "* CAPABILITY STARTTLS\r\na1 OK x\r\n", "a2 OK go\r\n* CAPABILITY X\r\n", ""), results.IMAP, results.FailReply},
		"endless untagged":     {says(t, "* OK x\r\n", strings.Repeat("* OK x\r\n", 300)), results.IMAP, results.FailReply},
		"POP3 -ERR":            {says(t, "-ERR busy\r\n"), results.POP3, results.FailReply5},
		"no status":            {says(t, "+OKAY\r\n"), results.POP3, results.FailReply},
		"POP3 without CAPA":    {says(t, "+OK x\r\n", "-ERR what\r\n"), results.POP3, results.FailReply5},
		"POP3 without TLS":     {says(t, "+OK x\r\n", "+OK list\r\nUSER\r\n.\r\n"), results.POP3, results.FailNotOffered},
		"endless list":         {says(t, "+OK x\r\n", "+OK list\r\n"+strings.Repeat("X\r\n", 300)), results.POP3, results.FailReply},
		"closes in the list":   {says(t, "+OK x\r\n", "+OK list\r\nSTLS\r\n"), results.POP3, results.FailClosed},
		"no TLS behind the OK": {says(t, "+OK x\r\n", "+OK list\r\nSTLS\r\n.\r\n", "+OK go\r\n", "garbage, no TLS record"), results.POP3, results.FailHandshake},
	} {
		t.Run(name, func(t *testing.T) {
			r := load(t, tt.peer, 1, results.SessionPlan{Protocol: tt.of}, func(p *results.Plan) { p.Workers = 1 })
			if r.Failed[tt.want] != 1 {
				t.Errorf("failed %v, want %s", r.Failed, tt.want)
			}
		})
	}
}
