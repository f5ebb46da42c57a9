package scenarios_test

import (
	"testing"

	"mailtls/results"
	"mailtls/scenarios"
)

// TestWhatCouldNotBeTold changes how watching ended, or what a session came to,
// in transcripts that were decided: then nothing is concluded from them.
func TestWhatCouldNotBeTold(t *testing.T) {
	tests := []struct {
		name, id, suffix string
		change           func(*results.Transcript)
	}{
		{"silence that the window's end cut short", "handshake/speaks-first", "pass", cutShort},
		{"handshake that the window's end cut short", "version/tls12-missing", "fail", cutShort},
		{"message lost, and the fence too", "policy/public-mx-demands-tls", "fail", func(t *results.Transcript) { t.Ended.Why = results.EndNoFence }},
		{"message lost, and the queue not empty", "policy/public-mx-demands-tls", "fail", func(t *results.Transcript) { t.Ended.Why = results.EndWindow }},
		{"interrupted", "offer/keyword-missing", "pass", func(t *results.Transcript) { t.Ended.Why = results.EndInterrupted }},
		{"nothing works before", "offer/keyword-missing", "fail", func(t *results.Transcript) { t.Sanity.Before = "refused" }},
		{"nothing works after", "offer/keyword-missing", "fail", func(t *results.Transcript) { t.Sanity.After = "" }},
		{"ehlo got 220", "offer/keyword-missing", "fail", replies("ehlo", "220 mx\r\n")},
		{"starttls got 250", "version/tls12-missing", "fail", replies("starttls", "250 ok\r\n")},
		{"starttls got 250, with more behind it", "injection/same-segment", "pass", replies("starttls", "250 ok\r\n")},
		{"starttls got 454, with more behind it", "injection/same-segment", "pass", replies("starttls", "454 not now\r\n")},
		{"starttls got garbage, with more behind it", "injection/same-segment", "pass", replies("starttls", "\x00\r\n")},
	}
	claims := goldenClaims(t)
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c, err := scenarios.Find(tc.id)
			if err != nil {
				t.Fatal(err)
			}
			name := scenarios.DNSLabel(tc.id) + "." + tc.suffix + results.TranscriptExt
			tr := golden(t, name)
			if v := scenarios.Decide(c, tr, claims[name]); v.Status.Undecided() {
				t.Fatalf("it is %s before the change: %s", v.Status, v.Reason)
			}
			tc.change(tr)
			if v := scenarios.Decide(c, tr, claims[name]); v.Status != results.StatusInconclusive || v.Reason == "" {
				t.Errorf("the verdict is %s, %q, %q", v.Status, v.Reason, v.Got)
			}
		})
	}
}

// TestLargePayloadIsSeen: bytes of which only a digest was kept still count.
func TestLargePayloadIsSeen(t *testing.T) {
	for id, mark := range map[string]string{
		"handshake/speaks-first": "silence", "handshake/garbage-answered": "clear", "tunnel/second-greeting": "silence",
	} {
		c, err := scenarios.Find(id)
		if err != nil {
			t.Fatal(err)
		}
		name := scenarios.DNSLabel(id) + ".pass" + results.TranscriptExt
		tr := golden(t, name)
		s := client(tr)
		s.Events = append(s.Events, results.Event{
			From: results.Server, Kind: results.EventData, Mark: mark, Stage: results.StageUnknown, Secure: id == "tunnel/second-greeting",
			Digest: &results.Digest{Length: 1 << 20, Head: []byte("250 served"), Tail: []byte("\r\n")},
		})
		if v := scenarios.Decide(c, tr, goldenClaims(t)[name]); v.Status != results.StatusFail {
			t.Errorf("%s is %s, %q, %q after a reply of 1 MiB", id, v.Status, v.Reason, v.Got)
		}
	}
}

// client is the session of the case's only dialogue.
func client(t *results.Transcript) *results.Session {
	for i, s := range t.Sessions {
		if s.Leg == results.LegProbe && s.Peer == scenarios.PeerName("") {
			return &t.Sessions[i]
		}
	}
	return &results.Session{}
}

func cutShort(t *results.Transcript) { client(t).End = results.EndCancelled }

// replies puts other words in the target's mouth under a mark, where the script
// then ends.
func replies(mark, text string) func(*results.Transcript) {
	return func(t *results.Transcript) {
		s := client(t)
		for i, e := range s.Events {
			if e.Mark == mark && e.From == results.Server && e.Kind == results.EventData {
				s.Events[i].Bytes = []byte(text)
				s.Events = s.Events[:i+1]
				break
			}
		}
		s.TLS, s.End = nil, results.EndMissed
	}
}
