package wire

import (
	"context"
	"fmt"
	"time"
)

// Pause waits between two things that happen on a connection; the error is the
// context's when that ends first.
func Pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("pause: %w", ctx.Err())
	case <-t.C:
		return nil
	}
}
