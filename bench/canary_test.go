package bench

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"mailtls/results"
)

func TestCanaryMeasuresHandshakes(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the CPU time of a process is read on Linux only")
	}
	c, err := Canary(t.Context(), results.Tool{Name: "mailtls", Go: runtime.Version()}, 3, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Rounds) != 3 || c.Handshakes < 3 || !strings.HasPrefix(c.Env.Connection, "TLS1.3 X25519 TLS_") || !strings.Contains(c.Env.Connection, "ECDSA") {
		t.Errorf("%+v", c)
	}
	var b bytes.Buffer
	if err := results.WriteCanary(&b, c); err != nil {
		t.Fatal(err)
	}
	if back, err := results.ReadCanary(&b); err != nil || back.Handshakes != c.Handshakes || back.Likeness().Machine != c.Likeness().Machine {
		t.Errorf("read back: %+v, %v", back, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Canary(ctx, results.Tool{}, 3, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
