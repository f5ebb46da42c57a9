package scenarios

import (
	"testing"
	"time"

	"mailtls/results"
)

func TestAttempts(t *testing.T) {
	const sec = time.Second
	session := func(id int, began time.Duration) results.Session {
		return results.Session{
			ID: id, Leg: results.LegDeliver, EndAt: began + sec/10,
			Events: []results.Event{{At: began, From: results.Server, Kind: results.EventData, Bytes: []byte("220 mx\r\n")}},
		}
	}
	asked := func(at time.Duration, name string) results.Query {
		return results.Query{At: at, Kind: "dns", Type: "MX", Name: name}
	}
	const domain = "case.may.mailtls.test."
	for why, tc := range map[string]struct {
		second  time.Duration
		queries []results.Query
		policy  results.SenderPolicy
		want    int
	}{
		"at once":                          {sec / 2, nil, results.SenderPolicy{}, 1},
		"later":                            {5 * sec, nil, results.SenderPolicy{}, 2},
		"soon, the hosts being asked for":  {sec * 3 / 2, []results.Query{asked(0, domain), asked(sec, domain)}, results.SenderPolicy{}, 2},
		"soon, other hosts being asked":    {sec * 3 / 2, []results.Query{asked(sec, "sender.example.")}, results.SenderPolicy{}, 1},
		"asked for while one is open":      {sec, []results.Query{asked(sec/20, domain)}, results.SenderPolicy{}, 1},
		"soon, for one who retries sooner": {sec * 3 / 2, nil, results.SenderPolicy{RetrySeconds: 2}, 2},
	} {
		tr := &results.Transcript{
			Submissions: []results.Submission{{Canary: "aaa", Recipient: "aaa@case.may.mailtls.test"}},
			Queries:     tc.queries, Sessions: []results.Session{session(1, 0), session(2, tc.second)},
		}
		if got := len(attempts(tr, deliveries(tr), tc.policy)); got != tc.want {
			t.Errorf("%s: %d attempts, want %d", why, got, tc.want)
		}
	}
}
