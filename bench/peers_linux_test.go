package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/perf/benchmath"
	"golang.org/x/sync/errgroup"

	"mailtls/results"
)

// contender is a client whose CPU time for a session is measured.
type contender struct {
	name string
	// run does about so many sessions, and tells how many it did and the CPU time
	// they took.
	run func(sessions int) (int, time.Duration, error)
	// once says that it goes on for whole seconds, and so runs once a round.
	once bool
}

// ours is a contender in this process.
func ours(name string, run func(sessions int) error) contender {
	return contender{name: name, run: func(sessions int) (int, time.Duration, error) {
		runtime.GC() // so that none pays for the one before
		begin := readSystem().cpu
		err := run(sessions)
		return sessions, readSystem().cpu - begin, err
	}}
}

// atOnce is how many sessions are open at a time, but with those that can do one
// only: a load is seldom one session after the other. Why it matters (2026-11):
// when nothing is left to do Go's scheduler goes to sleep with the process, and
// wakes a watcher of its own with it that looks around every 20 µs for a while. It
// made up a tenth of what a lone session cost.
const atOnce = 4

// loops makes as many loops out of a session as are to be open at once.
func loops(n int, session func() error) func(int) error {
	return func(sessions int) error {
		var g errgroup.Group
		for i := range n {
			g.Go(func() error {
				for range share(sessions, results.Shard{Index: i, Of: n}) {
					if err := session(); err != nil {
						return err
					}
				}
				return nil
			})
		}
		return g.Wait()
	}
}

// whole is the whole generator, as in a long run. What a run costs once, and then
// each second for an interval, is much of a short one: it is measured by a run of
// one session, and counted by the second.
func whole(name, addr string, session results.SessionPlan) contender {
	plan := results.Plan{Addr: addr, ServerName: peerHost, Workers: atOnce, Sessions: []results.SessionPlan{session}}
	drive := func(sessions int) (cpu, wall time.Duration, err error) {
		plan.Count = sessions
		runtime.GC() // so that none pays for the one before
		began, before := time.Now(), readSystem().cpu
		r, err := Drive(context.Background(), Job{Plan: plan, Addr: addr})
		if err == nil && r.Completed != int64(sessions) {
			err = fmt.Errorf("%d of %d sessions completed: %v", r.Completed, sessions, r.Failed)
		}
		return readSystem().cpu - before, time.Since(began), err
	}
	return contender{name: name, run: func(sessions int) (int, time.Duration, error) {
		once, _, err := drive(1)
		if err != nil {
			return 0, 0, err
		}
		cpu, wall, err := drive(sessions)
		return sessions, cpu - once + time.Duration(float64(once)*wall.Seconds()), err
	}}
}

// external is a contender in a process of its own. Its sessions are found in its
// output; it runs for whole seconds, however many that makes.
func external(name string, sessions *regexp.Regexp, command string, args ...string) contender {
	return contender{name: name, once: true, run: func(int) (int, time.Duration, error) {
		cmd := exec.Command(command, args...)
		cmd.Env = append(os.Environ(), "OPENSSL_CONF=/dev/null") // the program, not what this machine makes of it
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			return 0, 0, fmt.Errorf("run %s: %w", name, err)
		}
		found := sessions.FindSubmatch(out)
		if found == nil {
			return 0, 0, fmt.Errorf("run %s: no count of sessions in %.300q", name, out)
		}
		n, err := strconv.Atoi(string(found[1]))
		if err == nil && n == 0 {
			err = errors.New("it did none")
		}
		return n, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), err
	}}
}

// contenders are all that can be measured here.
func contenders(t *testing.T) []contender {
	t.Helper()
	implicit, starttls := startHelper(t, "peer implicit", "GOMAXPROCS=1").word, startHelper(t, "peer starttls", "GOMAXPROCS=1").word
	f, err := newFloor(startHelper(t, "peer floor", "GOMAXPROCS=1").word)
	if err != nil {
		t.Fatal(err)
	}
	config := bareConfig()
	list := []contender{
		ours("floor", loops(1, f.session)),
		ours("bare", loops(atOnce, func() error { return bare(implicit, config) })),
		whole("implicit", implicit, measuredSession(results.KindImplicit)),
		whole("starttls", starttls, measuredSession(results.KindStartTLS)),
	}
	if command, err := exec.LookPath("openssl"); err == nil {
		list = append(list, external("s_time", regexp.MustCompile(`(\d+) connections in \d+ real seconds`), command, "s_time", "-connect", implicit, "-new", "-tls1_3", "-time", "1"))
	} else {
		t.Log("openssl is not in PATH: no ratio to s_time")
	}
	if command, err := exec.LookPath("tls-perf"); err == nil {
		host, port, err := net.SplitHostPort(implicit)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, external("tls-perf", regexp.MustCompile(`HANDSHAKES (\d+)`), command, "-l", "1", "-t", "1", "-T", "2", "--tls", "1.3", host, port))
	} else {
		t.Log("tls-perf is not in PATH: no ratio to it")
	}
	return list
}

// ratio is a comparison of two contenders, and what is wanted of it.
type ratio struct {
	name string
	of   func(micros map[string]float64) float64
	unit string
	bar  float64 // at most; 0 for none
}

// quotient compares the CPU time of two contenders.
func quotient(a, b string, bar float64) ratio {
	return ratio{name: a + " / " + b, of: func(us map[string]float64) float64 { return us[a] / us[b] }, bar: bar}
}

var ratios = []ratio{
	quotient("implicit", "bare", 1.08),
	{name: "starttls - implicit", of: func(us map[string]float64) float64 { return us["starttls"] - us["implicit"] }, unit: " µs", bar: 60},
	quotient("implicit", "floor", 1.7),
	quotient("bare", "floor", 0),
	quotient("implicit", "s_time", 0.45),
	quotient("bare", "s_time", 0),
	quotient("implicit", "tls-perf", 0.70),
}

// TestPeersCompared pits the generator against a bare loop, the floor, and the
// clients that others wrote, on the same peers, in turn, to and fro. A ratio is
// taken within each round, and the median of the rounds is given with a 95 %
// interval that assumes nothing of their distribution.
func TestPeersCompared(t *testing.T) {
	measured(t, "peers")
	rounds := 11
	if n, err := strconv.Atoi(os.Getenv("MAILTLS_ROUNDS")); err == nil {
		rounds = max(n, 7)
	}
	var list []contender
	apart(t, func() { list = contenders(t) })
	var all []map[string]float64
	for round := range rounds + 1 {
		us := playRound(t, list)
		if round == 0 {
			continue // caches and the peers are cold
		}
		all = append(all, us)
		t.Logf("round %2d, µs of CPU a session:%s", round, line(list, us))
	}
	for _, c := range list {
		s := summary(all, func(us map[string]float64) float64 { return us[c.name] })
		t.Logf("%-22s %7.1f µs   [%.1f, %.1f]", c.name, s.Center, s.Lo, s.Hi)
	}
	for _, r := range ratios {
		r.tell(t, all)
	}
}

// playRound has every contender do its sessions, in parts of half a second, to and
// fro, so that what disturbs the machine for a second or two disturbs all alike, and
// gives the CPU time of a session of each in µs.
func playRound(t *testing.T, list []contender) map[string]float64 {
	t.Helper()
	const parts, sessions = 6, 500
	done, cpu := map[string]int{}, map[string]time.Duration{}
	for part := range parts {
		for i := range list {
			c := list[i]
			if part%2 == 1 {
				c = list[len(list)-1-i]
			}
			if c.once && part > 0 {
				continue
			}
			n, spent, err := c.run(sessions)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			done[c.name] += n
			cpu[c.name] += spent
		}
	}
	us := map[string]float64{}
	for name, n := range done {
		us[name] = micros(cpu[name]) / float64(n)
	}
	return us
}

// line is a round as text.
func line(list []contender, us map[string]float64) (text string) {
	for _, c := range list {
		text += fmt.Sprintf("  %s %.0f", c.name, us[c.name])
	}
	return text
}

// summary is the median of the rounds with its interval.
func summary(rounds []map[string]float64, of func(map[string]float64) float64) benchmath.Summary {
	var values []float64
	for _, us := range rounds {
		values = append(values, of(us))
	}
	return benchmath.AssumeNothing.Summary(benchmath.NewSample(values, &benchmath.DefaultThresholds), 0.95)
}

// tell says what a ratio is. A bar is missed where the whole interval is beyond
// it, held where it is all below, and undecided otherwise.
func (r ratio) tell(t *testing.T, rounds []map[string]float64) {
	t.Helper()
	s := summary(rounds, r.of)
	if math.IsNaN(s.Center) || math.IsInf(s.Center, 0) || s.Center == 0 {
		return // one of the two could not be measured
	}
	word := ""
	switch {
	case r.bar == 0:
	case s.Hi <= r.bar:
		word = fmt.Sprintf("held: at most %g%s", r.bar, r.unit)
	case s.Lo > r.bar:
		word = fmt.Sprintf("MISSED: at most %g%s", r.bar, r.unit)
	default:
		word = fmt.Sprintf("undecided: at most %g%s", r.bar, r.unit)
	}
	t.Logf("%-22s %7.3f%s [%.3f, %.3f] of %d rounds  %s", r.name, s.Center, r.unit, s.Lo, s.Hi, len(rounds), word)
	if r.bar != 0 && s.Lo > r.bar {
		t.Errorf("%s is %.3f%s, beyond %g", r.name, s.Center, r.unit, r.bar)
	}
}
