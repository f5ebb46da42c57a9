package page

import (
	"fmt"
	"math"
	"strconv"
)

// ms writes µs as ms.
func ms(micros float64) string { return number(micros / 1000) }

// number writes a figure to about three digits.
func number(v float64) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "0"
	case a >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// percent writes a share.
func percent(share float64) string { return number(100*share) + " %" }

// effect writes a difference with its sign, in points where it is no share.
func effect(e float64, absolute bool) string {
	if absolute {
		return fmt.Sprintf("%+.2f points", 100*e)
	}
	return fmt.Sprintf("%+.1f %%", 100*e)
}

func pow10(x float64) float64 { return math.Pow(10, x) }
