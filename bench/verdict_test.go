package bench

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"mailtls/results"
)

func TestJudgeGenerator(t *testing.T) {
	for name, tt := range map[string]struct {
		change  func(*results.Run)
		verdict results.RunVerdict
		reason  string
	}{
		"as it should be":        {func(*results.Run) {}, results.RunOK, ""},
		"at every bound":         {func(r *results.Run) { r.Generator.Steal, r.Generator.RunQueue, r.Generator.Busy = 0.05, 0.05, 0.05 }, results.RunOK, ""},
		"one dropped":            {func(r *results.Run) { r.Generator.Dropped = 1 }, results.RunGeneratorLimited, "1 sessions that were due never began"},
		"too many in flight":     {func(r *results.Run) { r.Generator.Dropped, r.Generator.Blocked = 1, 9 }, results.RunGeneratorLimited, "9 waited because 1000 were open"},
		"98.9 % begun":           {func(r *results.Run) { r.Rate.Achieved = 98.9 }, results.RunGeneratorLimited, "began 98.9 % of the sessions"},
		"99 % begun":             {func(r *results.Run) { r.Rate.Achieved = 99 }, results.RunOK, ""},
		"late":                   {func(r *results.Run) { r.Lag.P99 = 2001 }, results.RunGeneratorLimited, "began more than 2001 µs late, the bound is 2000 µs"},
		"2 ms late":              {func(r *results.Run) { r.Lag.P99 = 2000 }, results.RunOK, ""},
		"late, but so slow":      {func(r *results.Run) { r.Lag.P99 = 9000; r.Phases["session"] = results.Summary{P50: 100_000} }, results.RunOK, ""},
		"late, not so slow":      {func(r *results.Run) { r.Lag.P99 = 9000; r.Phases["session"] = results.Summary{P50: 80_000} }, results.RunGeneratorLimited, "the bound is 8000 µs"},
		"busy":                   {func(r *results.Run) { r.Generator.Busy = 0.06 }, results.RunGeneratorLimited, "in 6 % of the intervals"},
		"waiting for a CPU":      {func(r *results.Run) { r.Generator.RunQueue = 0.051 }, results.RunNoisyHost, "waited for a CPU for 5.1 %"},
		"waiting for the target": {func(r *results.Run) { r.Generator.RunQueue, r.Target = 0.25, &results.TargetUse{CPUShare: 0.4} }, results.RunOK, ""},
		"waiting for others too": {func(r *results.Run) { r.Generator.RunQueue, r.Target = 0.26, &results.TargetUse{CPUShare: 0.4} }, results.RunNoisyHost,
			"for 6.0 % of the time (26.0 % less the target's own time)"},
		"stolen":              {func(r *results.Run) { r.Generator.Steal = 0.2 }, results.RunNoisyHost, "took 20.0 %"},
		"noisy and late":      {func(r *results.Run) { r.Generator.Steal, r.Lag.P99 = 0.2, 1e6 }, results.RunNoisyHost, "took 20.0 %"},
		"workers, late":       {func(r *results.Run) { r.Plan.Workers, r.Lag.P99, r.Rate.Achieved = 1, 1e6, 1 }, results.RunOK, ""},
		"workers, busy":       {func(r *results.Run) { r.Plan.Workers, r.Generator.Busy = 1, 1 }, results.RunGeneratorLimited, "in 100 %"},
		"nothing in the time": {func(r *results.Run) { r.Rate, r.Lag = results.RunRate{}, results.Summary{} }, results.RunOK, ""},
	} {
		r := &results.Run{
			Plan: results.Plan{InFlight: 1000}, Rate: results.RunRate{Asked: 100, Achieved: 100}, Lag: results.Summary{Count: 1000, P99: 100},
			Phases: map[results.Phase]results.Summary{"session": {P50: 5000}},
		}
		tt.change(r)
		verdict, reasons := judgeGenerator(r, 2)
		text := strings.Join(reasons, "\n")
		if verdict != tt.verdict || (text == "") != (tt.reason == "") || !strings.Contains(text, tt.reason) {
			t.Errorf("%s: %s because of %q, want %s because of %q", name, verdict, text, tt.verdict, tt.reason)
		}
	}
}

func TestBetweenReadings(t *testing.T) {
	a := reading{at: time.Second, cpu: time.Second, waited: time.Second, stolen: 10, total: 1000, gc: 1, runtime: 10}
	b := reading{at: 2 * time.Second, cpu: 2500 * time.Millisecond, waited: 1100 * time.Millisecond, stolen: 20, total: 1200, gc: 1.5, runtime: 12}
	if got, want := between(a, b, 2), (used{cpu: 0.75, waited: 0.05, steal: 0.05, gc: 0.25}); !alike(got.cpu, want.cpu) || !alike(got.waited, want.waited) || got.steal != want.steal || got.gc != want.gc {
		t.Errorf("used %+v, want %+v", got, want)
	}
	if got := between(b, a, 2); got != (used{}) {
		t.Errorf("backwards %+v was used", got)
	}
}

func alike(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }

// TestGeneratorSumsIntervalsUp: busy intervals are counted, whatever the whole
// came to, and short ones are not.
func TestGeneratorSumsIntervalsUp(t *testing.T) {
	at := time.Duration(0)
	var now reading
	steps := []struct {
		length time.Duration
		cpu    float64
	}{{time.Second, 0.2}, {time.Second, 0.9}, {time.Second, 0.2}, {time.Second, 0.86}, {50 * time.Millisecond, 1}}
	s := &sampler{
		procs: 2, take: func(c *count) { c.attempted += 10 }, load: func() (int64, int64, int64) { return 1, 7, 3 },
		total: newCount(), current: newCount(), gauge: gauge{clock: fixed{&at}, system: func() reading { return now }, target: func() (time.Duration, error) { return 2 * now.cpu, nil }},
	}
	s.begin()
	for _, step := range steps {
		at += step.length
		now.cpu += time.Duration(step.cpu * 2 * float64(step.length))
		now.overflows++
		now.files = 12
		s.cut()
	}
	g := s.generator()
	if g.Busy != 0.5 || g.ListenOverflows != 5 || g.Files != 12 || g.Blocked != 3 || g.MaxInFlight != 7 {
		t.Errorf("generator %+v", g)
	}
	wantCPU := 2 * (0.2 + 0.9 + 0.2 + 0.86 + 0.05) * 1e6 / 50
	if !alike(g.CPU/wantCPU, 1) || !alike(s.use().CPU/(2*wantCPU), 1) {
		t.Errorf("%v µs and %v µs a session, want %v and twice that", g.CPU, s.use().CPU, wantCPU)
	}
	if last := s.intervals[4]; !alike(last.At, 4) || !alike(last.Length, 0.05) || last.Attempted != 10 {
		t.Errorf("last interval %+v", last)
	}
}

// fixed is a clock that a test sets.
type fixed struct{ at *time.Duration }

func (f fixed) Now() time.Duration { return *f.at }

func (f fixed) SleepUntil(context.Context, time.Duration) {}

// proc is a /proc with a tree of processes and what else is read.
func proc() fstest.MapFS {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	stat := func(pid, name, parent, times string) *fstest.MapFile {
		return file(pid + " (" + name + ") S " + parent + " 1 1 0 -1 4194560 1 2 3 4 " + times + " 20 0 1 0 100 1000 200")
	}
	return fstest.MapFS{
		"1/stat":                      stat("1", "init", "0", "900 900 900 900"),
		"20/stat":                     stat("20", "master", "1", "1 2 3 4"),
		"21/stat":                     stat("21", "a) S 1 (b", "20", "10 0 0 0"),
		"22/stat":                     stat("22", "smtpd", "21", "0 100 0 0"),
		"30/stat":                     stat("30", "other", "1", "5000 0 0 0"),
		"40/status":                   file("a process that has just ended"),
		"stat":                        file("cpu  100 10 50 800 20 5 5 10 0 0\ncpu0 1 2 3\n"),
		"loadavg":                     file("0.42 0.50 0.60 1/234 5678\n"),
		"cpuinfo":                     file("processor\t: 0\nmodel name\t: Example CPU @ 2 GHz\nflags\t: a b\n"),
		"net/netstat":                 file("TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 1 17 18\nIpExt: ListenOverflows\nIpExt: 99\n"),
		"self/task/20/schedstat":      file("1000 250 7\n"),
		"self/task/21/schedstat":      file("1000 50 7\n"),
		"self/task/22/schedstat":      file("gone"),
		"self/fd/0":                   file(""),
		"self/fd/1":                   file(""),
		"sys/kernel/random/boot_id":   file("x"),
		"not/a/process/and/no/number": file(""),
	}
}

func TestProcIsRead(t *testing.T) {
	p := proc()
	inTicks := func(int) (time.Duration, bool) { return 0, false }
	if got, err := treeCPU(p, inTicks, 20); err != nil || got != 120*tick {
		t.Errorf("the tree used %v, %v; want %v", got, err, 120*tick)
	}
	exact := func(pid int) (time.Duration, bool) { return 105 * time.Millisecond, pid == 21 }
	if got, err := treeCPU(p, exact, 20); err != nil || got != 110*tick+105*time.Millisecond {
		t.Errorf("the tree used %v, %v; want %v", got, err, 110*tick+105*time.Millisecond)
	}
	if _, err := treeCPU(p, inTicks, 99); err == nil {
		t.Error("a process that is not there used something")
	}
	if stolen, total := machineTime(p); stolen != 10 || total != 1000 {
		t.Errorf("%d of %d ticks stolen", stolen, total)
	}
	if got := threadsWaited(p); got != 300 {
		t.Errorf("threads waited %v", got)
	}
	if got := listenOverflows(p); got != 17 {
		t.Errorf("%d overflows", got)
	}
	if files, load, model := openFiles(p), loadAverage(p), modelName(p); files != 2 || load != 0.42 || model != "Example CPU @ 2 GHz" {
		t.Errorf("%d files, load %v, model %q", files, load, model)
	}
}

func TestNothingIsReadWhereThereIsNoProc(t *testing.T) {
	none := fstest.MapFS{}
	if stolen, total := machineTime(none); stolen != 0 || total != 0 {
		t.Errorf("%d of %d ticks stolen", stolen, total)
	}
	if threadsWaited(none) != 0 || listenOverflows(none) != 0 || openFiles(none) != 0 || loadAverage(none) != 0 || modelName(none) != "" {
		t.Error("something was read from nothing")
	}
}

func TestParseStatRefuses(t *testing.T) {
	for _, text := range []string{"", "1 name S 1", "1 (x) S 1 2", "x (x) S 1 1 1 0 -1 0 1 2 3 4 1 2 3 4", "1 (x) S 1 1 1 0 -1 0 1 2 3 4 1 2 3 x"} {
		if p, err := parseStat([]byte(text)); err == nil {
			t.Errorf("%q is read as %+v", text, p)
		}
	}
}
