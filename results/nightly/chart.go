package nightly

import (
	"fmt"
	"slices"
	"strings"
)

// Size of a chart in characters, its axis not counted.
const (
	chartWidth  = 90
	chartHeight = 8
)

// chart draws values from left to right, and marks under them the places where
// points begin. More values than columns share one, which shows their median.
func chart(values []float64, points []int) string {
	columns := min(len(values), chartWidth)
	column := func(i int) int { return i * columns / len(values) }
	shared := make([][]float64, columns)
	for i, v := range values {
		shared[column(i)] = append(shared[column(i)], v)
	}
	drawn := make([]float64, columns)
	for i, v := range shared {
		drawn[i] = median(v)
	}
	lowest, highest := slices.Min(drawn), slices.Max(drawn)
	rows := make([][]byte, chartHeight+1)
	for i := range rows {
		rows[i] = []byte(strings.Repeat(" ", columns))
	}
	for i, v := range drawn {
		row := chartHeight / 2
		if highest > lowest {
			row = int((highest - v) / (highest - lowest) * (chartHeight - 1))
		}
		rows[row][i] = '*'
	}
	for _, p := range points {
		rows[chartHeight][column(p)] = '^'
	}
	var b strings.Builder
	for i, row := range rows {
		label := ""
		switch i {
		case 0:
			label = fmt.Sprintf("%.4g", highest)
		case chartHeight - 1:
			label = fmt.Sprintf("%.4g", lowest)
		}
		b.WriteString(strings.TrimRight(fmt.Sprintf("%9s | %s", label, row), " ") + "\n")
	}
	return b.String()
}
