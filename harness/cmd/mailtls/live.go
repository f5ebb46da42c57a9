package main

import (
	"fmt"
	"strings"

	"mailtls/results"
)

// liveLine shows an event as it happens: time, side, layer, and what passed.
func liveLine(e results.Event) string {
	layer := "clear"
	if e.Secure {
		layer = "tls"
	}
	head := fmt.Sprintf("%9.3f %s ", e.At.Seconds(), e.From)
	if e.Kind != results.EventData {
		return head + fmt.Sprintf("%-5s %s", e.Kind, e.Text)
	}
	lines := strings.Split(strings.TrimSuffix(string(e.Bytes), "\r\n"), "\r\n")
	for i, l := range lines {
		lines[i] = strings.Trim(fmt.Sprintf("%q", l), `"`)
	}
	return head + fmt.Sprintf("%-5s ", layer) + strings.Join(lines, "\n"+strings.Repeat(" ", len(head)+6))
}
