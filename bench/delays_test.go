package bench

import (
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// delaying are the distributions that a peer draws its delays from, as functions
// from even shares of 1 to milliseconds.
var delaying = map[string]func(u float64) float64{
	"none":        func(float64) float64 { return 0 },
	"constant":    func(float64) float64 { return 500 },
	"uniform":     func(u float64) float64 { return 200 * u },
	"exponential": func(u float64) float64 { return -50 * math.Log(u) },
	"lognormal":   func(u float64) float64 { return 40 * math.Exp(math.Sqrt2*math.Erfinv(2*u-1)) },
	"bimodal": func(u float64) float64 {
		if u < 0.01 {
			return 100
		}
		return 1
	},
	"pareto": func(u float64) float64 { return min(10*math.Pow(u, -1/1.5), 5000) },
}

// delayOf is the delay of the session with an index.
func delayOf(distribution string, index int64) time.Duration {
	u := (float64(mixed(uint64(index)*0x9e3779b97f4a7c15)>>11) + 0.5) / (1 << 53)
	return time.Duration(delaying[distribution](u) * float64(time.Millisecond))
}

// applied is a delay that a peer really applied to a session: sleeps are longer
// than asked for, on a busy machine by much.
type applied struct {
	index int64
	delay time.Duration
}

// playDelays is a fast peer that answers EHLO late, and says at its end how late.
// Its arguments are implicit or plain, and the distribution.
func playDelays(args []string) error {
	if len(args) != 2 || delaying[args[1]] == nil {
		return errors.New("want implicit or plain, and a distribution")
	}
	config, err := peerConfig()
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var list []applied
	err = serveRole(func(c net.Conn) {
		answer(c, config, args[0] == "implicit", func(hello []byte) {
			began := time.Now()
			index := indexIn(string(hello))
			if d := delayOf(args[1], index); d > 0 {
				time.Sleep(d)
			}
			took := time.Since(began)
			mu.Lock()
			list = append(list, applied{index, took})
			mu.Unlock()
		})
	})
	mu.Lock()
	defer mu.Unlock()
	var text strings.Builder
	for _, a := range list {
		fmt.Fprintln(&text, a.index, int64(a.delay))
	}
	_, writeErr := os.Stdout.WriteString(text.String())
	return errors.Join(err, writeErr)
}

// indexIn is the index of the session that says EHLO; -1 for a line of another.
func indexIn(hello string) int64 {
	_, name, _ := strings.Cut(hello, " b")
	digits, _, _ := strings.Cut(name, ".")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// delaysOf reads what a delaying peer said, for the sessions from an index on.
func delaysOf(t *testing.T, said []byte, from int64) []time.Duration {
	t.Helper()
	var list []time.Duration
	for line := range strings.Lines(string(said)) {
		var index, delay int64
		if _, err := fmt.Sscan(line, &index, &delay); err != nil {
			t.Fatalf("read %q: %v", line, err)
		}
		if index >= from {
			list = append(list, time.Duration(delay))
		}
	}
	return list
}

// orderInterval gives the ranks, from 1, of the order statistics of n independent
// values between which the quantile q of their distribution lies with the
// confidence: the number of values below it is binomial.
func orderInterval(n int, q, confidence float64) (lo, hi int) {
	tail := (1 - confidence) / 2
	lo, hi = 1, n
	logs := func(k int) float64 {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(k + 1))
		c, _ := math.Lgamma(float64(n - k + 1))
		return a - b - c + float64(k)*math.Log(q) + float64(n-k)*math.Log1p(-q)
	}
	below := 0.0 // P(fewer than k values are below the quantile)
	for k := 0; k <= n; k++ {
		p := math.Exp(logs(k))
		if below+p <= tail {
			lo = k + 1
		}
		below += p
		if 1-below <= tail {
			hi = k + 1
			break
		}
	}
	return lo, min(hi, n)
}

// TestOrderIntervals: against tables that are known, and by its definition.
func TestOrderIntervals(t *testing.T) {
	// The median of ten lies between the second and the ninth in 97.9 % of cases
	// (1 - 2·11/1024), which no narrower pair reaches at 95 %.
	if lo, hi := orderInterval(10, 0.5, 0.95); lo != 2 || hi != 9 {
		t.Errorf("median of 10: %d to %d, want 2 to 9", lo, hi)
	}
	lo, hi := orderInterval(20_000, 0.999, 0.999)
	if spread := 3.29 * math.Sqrt(20_000*0.999*0.001); math.Abs(float64(19_980-lo)-spread) > 3 || math.Abs(float64(hi-19_980)-spread) > 3 {
		t.Errorf("p99.9 of 20000: %d to %d, want about 19980 ± %.0f", lo, hi, spread)
	}
}

// TestDelaysAreWhatTheyAreCalled: the medians of the distributions, and that each
// session has its own.
func TestDelaysAreWhatTheyAreCalled(t *testing.T) {
	for name, median := range map[string]float64{
		"none": 0, "constant": 500, "uniform": 100, "exponential": 34.66, "lognormal": 40, "bimodal": 1, "pareto": 15.87,
	} {
		below := 0
		const n = 20_000
		for i := range int64(n) {
			if float64(delayOf(name, i))/float64(time.Millisecond) < median {
				below++
			}
		}
		if spread := math.Abs(float64(below) - n/2); (name == "uniform" || name == "exponential" || name == "lognormal" || name == "pareto") && spread > 300 {
			t.Errorf("%s: %d of %d are below %v ms", name, below, n, median)
		} else if got := delayOf(name, 1); spread == n/2 && float64(got)/1e6 != median && name != "bimodal" {
			t.Errorf("%s: %v, want %v ms", name, got, median)
		}
	}
	if got := indexIn("EHLO b17.bench.mailtls.example\r\n"); got != 17 {
		t.Errorf("index %d", got)
	}
}
