package bench_test

import (
	"slices"
	"strings"
	"testing"

	"mailtls/bench"
)

func TestPlansThatShip(t *testing.T) {
	want := []string{"capacity", "fallback-storm", "nightly-handshake", "nightly-resumption", "slow-peers", "smoke", "soak", "tls10-legacy"}
	if !slices.Equal(bench.Plans(), want) {
		t.Errorf("there are %v, want %v", bench.Plans(), want)
	}
	for _, name := range bench.Plans() {
		p, err := bench.Plan(name)
		if err != nil || p.Name != name {
			t.Errorf("%s: plan %q, %v", name, p.Name, err)
		}
		if len(p.Thresholds) == 0 || len(p.Sessions) == 0 || p.Addr+p.Target+p.Peer != "" {
			t.Errorf("%s: want thresholds and sessions, and what it loads left open", name)
		}
	}
	if _, err := bench.Plan("x"); err == nil || !strings.Contains(err.Error(), "there are capacity,") {
		t.Errorf("error %v", err)
	}
}
