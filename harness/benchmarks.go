package harness

import (
	"bytes"
	"fmt"
	"os"

	"mailtls/results/comparison"
)

// ReadBenchmarks reads a file in Go's benchmark format. It is nil for a folder and for
// a JSON document, which ReadStored reads.
func ReadBenchmarks(path string) (*comparison.Benchmarks, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read benchmarks: %w", err)
	}
	if info.IsDir() {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read benchmarks: %w", err)
	}
	if bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) {
		return nil, nil
	}
	return comparison.ReadBenchmarks(bytes.NewReader(data), path)
}
