package scenarios_test

import (
	"testing"
	"time"

	"mailtls/results"
	"mailtls/scenarios"
)

// handedOver is a transcript of a box: the sessions that it saw, and whether the
// message was read back after the time of the last event.
func handedOver(readBack bool, sessions ...results.Session) (*results.Transcript, results.Claims) {
	claims := results.Claims{Policies: []results.SenderPolicy{{Name: "may", Level: results.LevelOpportunistic, RetrySeconds: 4}}}
	t := &results.Transcript{
		Policy: "may", Submissions: []results.Submission{{Canary: "canary", Recipient: "canary@x.may.mailtls.test", Reply: "250 ok"}},
		Ended: results.Ended{Why: results.EndSettled, At: 20 * time.Second},
	}
	for i, s := range sessions {
		s.ID, s.Leg = i+1, results.LegDeliver
		t.Sessions = append(t.Sessions, s)
	}
	if readBack {
		id := len(t.Sessions) + 1
		t.Sessions = append(t.Sessions, results.Session{ID: id, Leg: results.LegReadback, EndAt: 15 * time.Second})
		t.Messages = []results.Message{{Session: id, To: []string{"canary@x.may.mailtls.test"}}}
	}
	return t, claims
}

// tried is a connection with a handshake in the version; without one it failed.
func tried(at time.Duration, version string) results.Session {
	return results.Session{
		EndAt: at + time.Second, TLS: []results.TLSFacts{{Version: version}},
		Events: []results.Event{
			{At: at, From: results.Client, Kind: results.EventData, Stage: results.StageHello, Bytes: []byte("EHLO x\r\n")},
			{At: at, From: results.Server, Kind: results.EventData, Stage: results.StageHello, Bytes: []byte("250-mx\r\n250 STARTTLS\r\n")},
			{At: at, From: results.Client, Kind: results.EventData, Stage: results.StageStartTLS, Bytes: []byte("STARTTLS\r\n")},
			{At: at, From: results.Server, Kind: results.EventData, Stage: results.StageStartTLS, Bytes: []byte("220 go\r\n")},
		},
	}
}

// clearly is a connection on which the content goes in clear and gets the reply.
func clearly(at time.Duration, reply string) results.Session {
	s := tried(at, "")
	s.TLS, s.Events = nil, append(s.Events[:2:2],
		results.Event{At: at, From: results.Client, Kind: results.EventData, Stage: results.StageBody, Bytes: []byte("Subject: canary\r\n.\r\n")},
		results.Event{At: at, From: results.Server, Kind: results.EventData, Stage: results.StageBody, Bytes: []byte(reply)})
	return s
}

func TestHanded(t *testing.T) {
	for name, c := range map[string]struct {
		readBack bool
		sessions []results.Session
		code     results.FateCode
		tls      string
		count    int
	}{
		"inside TLS":                  {true, []results.Session{tried(0, "1.2")}, results.FateTLS12, "1.2", 1},
		"inside TLS, nothing arrived": {false, []results.Session{tried(0, "1.2")}, results.FateUnknown, "", 1},
		"refused, then inside TLS":    {true, []results.Session{clearly(0, "451 later\r\n"), tried(8*time.Second, "1.3")}, results.FateTLS13, "1.3", 2},
		"in clear at once":            {true, []results.Session{tried(0, ""), clearly(time.Second, "250 ok\r\n")}, results.FatePlainNew, "", 2},
		"broken TLS, in clear later":  {true, []results.Session{tried(0, "1.2"), clearly(8*time.Second, "250 ok\r\n")}, results.FatePlainLater, "", 2},
		"in clear, nothing arrived":   {false, []results.Session{clearly(0, "250 ok\r\n")}, results.FateUnknown, "", 1},
		"arrived before the delivery": {true, []results.Session{tried(16*time.Second, "1.3")}, results.FateUnknown, "", 1},
	} {
		tr, claims := handedOver(c.readBack, c.sessions...)
		f := scenarios.Handed(tr, claims)
		if f == nil || f.Code != c.code || f.TLS != c.tls || f.Connections != c.count {
			t.Errorf("%s: got %+v", name, f)
		}
	}
	tr, claims := handedOver(false, tried(0, ""))
	tr.DSNs = []results.DSN{{At: 2 * time.Second, Action: "failed", Recipient: "rfc822;canary@x", Status: "5.7.10"}}
	if f := scenarios.Handed(tr, claims); f.Code != results.FateBounced || f.DSN != "5.7.10" {
		t.Errorf("given back: got %+v", f)
	}
	tr.Submissions = nil
	if f := scenarios.Handed(tr, claims); f != nil {
		t.Errorf("nothing submitted: got %+v", f)
	}
}
