//go:build !linux

package harness_test

import "time"

// threadTime is the time that passes, where that of a thread is not known.
func threadTime() time.Duration { return time.Since(began) }

var began = time.Now()
