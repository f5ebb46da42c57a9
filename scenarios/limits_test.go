package scenarios_test

import (
	"testing"

	"mailtls/results"
	"mailtls/scenarios"
)

func TestPutOffIsNoFailure(t *testing.T) {
	const name = "tunnel-starttls-accepted-again.fail.txt"
	c, err := scenarios.Find("tunnel/starttls-accepted-again")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		why, mark, text string
		want            results.Status
	}{
		{"at the judged step", "again", "421 4.3.2 busy\r\n", results.StatusInconclusive},
		{"for want of room", "again", "452 4.3.1 full\r\n", results.StatusInconclusive},
		{"for a new password", "again", "432 4.7.12 change it\r\n", results.StatusInconclusive},
		{"for another reason", "again", "454 4.7.0 not now\r\n", results.StatusFail},
		{"before it", "ehlo-tls", "451 4.3.0 later\r\n", results.StatusInconclusive},
		{"after it", "quit", "421 4.3.2 busy\r\n", results.StatusFail},
		{"in clear, before TLS", "starttls", "454 4.7.0 not now\r\n", results.StatusInconclusive},
	} {
		tr := golden(t, name)
		for i := range tr.Sessions[0].Events {
			if e := &tr.Sessions[0].Events[i]; e.Mark == tt.mark && e.From == results.Server && e.Kind == results.EventData {
				e.Bytes = []byte(tt.text)
			}
		}
		if v := scenarios.Decide(c, tr, goldenClaims(t)[name]); v.Status != tt.want {
			t.Errorf("put off %s: verdict is %s (%s, got %q), want %s", tt.why, v.Status, v.Reason, v.Got, tt.want)
		}
	}
}
