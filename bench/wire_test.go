package bench

import (
	"testing"

	"mailtls/results"
)

// TestWireCountsWhatPasses: of a plain session all bytes are known, and TLS adds to
// both directions.
func TestWireCountsWhatPasses(t *testing.T) {
	h := startHelper(t, "peer starttls")
	wire := func(kind results.SessionKind, count int) *results.Run {
		t.Helper()
		r, err := Drive(t.Context(), Job{Addr: h.word, Plan: results.Plan{
			Addr: h.word, ServerName: peerHost, Workers: 1, Count: count, Sessions: []results.SessionPlan{{Kind: kind}},
		}})
		if err != nil || r.Completed != int64(count) {
			t.Fatalf("%v, %+v", err, r)
		}
		return r
	}
	plain, inTLS := wire(results.KindPlain, 10), wire(results.KindStartTLS, 4)
	sent, received := len("EHLO b0")+len(helloName)+len("\r\nQUIT\r\n"), len("220 x\r\n250-x\r\n250 STARTTLS\r\n221 x\r\n")
	if plain.Wire != (results.Wire{Sent: float64(sent), Received: float64(received)}) {
		t.Errorf("plain %+v, want %d sent and %d received", plain.Wire, sent, received)
	}
	if more := inTLS.Wire.Sent - plain.Wire.Sent; more < 300 || more > 2500 {
		t.Errorf("TLS sent %v bytes more", more)
	}
	if more := inTLS.Wire.Received - plain.Wire.Received; more < 700 || more > 5000 {
		t.Errorf("TLS received %v bytes more", more)
	}
	const many = 200 // what a run puts on the heap once is little of it
	if a, b := wire(results.KindPlain, many).Generator.Allocs, wire(results.KindStartTLS, many).Generator.Allocs; a <= 0 || b < a+50 {
		t.Errorf("%v allocations in clear, %v with TLS", a, b)
	}
}
