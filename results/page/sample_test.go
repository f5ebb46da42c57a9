package page_test

import (
	"fmt"
	"hash/crc64"
	"math/rand/v2"
	"strings"
	"time"

	"mailtls/results"
	"mailtls/results/comparison"
	"mailtls/results/nightly"
	"mailtls/results/page"
)

var began = time.Date(2026, 11, 5, 8, 15, 30, 0, time.UTC)

// statusOf spreads the statuses over the cases, most of them good.
func statusOf(target, c int) results.Status {
	switch n := (7*target + 13*c) % 60; {
	case n == 1:
		return results.StatusFail
	case n == 2:
		return results.StatusWaived
	case n == 3:
		return results.StatusInconclusive
	case n == 4:
		return results.StatusNonstrict
	case n < 9:
		return results.StatusInfo
	case n < 14:
		return results.StatusNA
	}
	return results.StatusPass
}

// receiver is a report with n cases, and their transcripts.
func receiver(target, n int) page.Report {
	areas := []string{"injection", "offer", "handshake", "policy", "smuggling", "certificate", "content", "crossprotocol"}
	r := &results.Report{
		Schema: results.Schema, Tool: results.Tool{Name: "mailtls", Version: "v1.2.3", Go: "go1.26.8"},
		Target: results.TargetID{Name: fmt.Sprintf("mta-%02d", target), Version: "4.2.1", Variant: "default"}, Roles: []results.Role{results.RoleReceiver},
		Started: began, ClockFactor: 1, Notes: []string{"a waiver for offer/none was not needed"},
	}
	for i := range n {
		c := results.CaseResult{
			ID: fmt.Sprintf("%s/defect-number-%03d", areas[i*len(areas)/n], i), Row: fmt.Sprintf("R-%03d", i), Role: results.RoleReceiver, Level: results.Must,
			Title: fmt.Sprintf("What a peer does when defect %d of a kind is put before it", i), Source: "RFC 3207 §4.2", Status: statusOf(target, i), Duration: int64(40 + i),
		}
		if i%5 == 3 {
			c.Level = results.Should
		}
		if c.Status != results.StatusNA {
			c.Want, c.Got = fmt.Sprintf("defect %d answered with 5xx", i), fmt.Sprintf("it was answered with %d", 250+i)
			c.Evidence, c.Transcript = []string{"s1e3"}, fmt.Sprintf("transcripts/defect-%03d.txt", i)
		} else {
			c.Reason = "needs the claim mtls"
		}
		if c.Status == results.StatusFail && i%2 == 0 {
			c.Leaked = 117
		}
		r.Cases = append(r.Cases, c)
	}
	r.Summarize()
	return page.Report{Report: r, Folder: fmt.Sprintf("runs/mta-%02d", target), Transcript: spoken(uint64(target))}
}

// spoken is the transcript of a case; random words keep it from being squeezed to nothing.
func spoken(salt uint64) func(*results.CaseResult) (*results.Transcript, error) {
	return func(c *results.CaseResult) (*results.Transcript, error) { return speak(c, salt), nil }
}

func speak(c *results.CaseResult, salt uint64) *results.Transcript {
	at := func(n int) time.Duration { return time.Duration(n) * 1300 * time.Microsecond }
	random := rand.New(rand.NewPCG(salt, crc64.Checksum([]byte(c.ID), crc64.MakeTable(crc64.ISO))))
	t := &results.Transcript{Case: c.ID, Policy: c.Policy, Started: began, Window: 30 * time.Second, ClockFactor: 1, Ended: results.Ended{Why: results.EndSettled, At: at(90)}}
	data := func(n int, from results.Side, secure bool, stage results.Stage, text string) results.Event {
		return results.Event{At: at(n), From: from, Kind: results.EventData, Secure: secure, Stage: stage, Bytes: []byte(text)}
	}
	s := results.Session{
		ID: 1, Leg: results.LegProbe, Peer: "probe", Listener: "smtp", Client: "127.0.0.1:50412", Server: "127.0.0.1:25",
		TLS: []results.TLSFacts{{Version: "1.3", Suite: "TLS_AES_128_GCM_SHA256", Group: "x25519", Complete: true}}, End: results.EndOurs, EndAt: at(80),
		Events: []results.Event{
			data(1, results.Server, false, results.StageGreeting, "220 mx.example ESMTP\r\n"),
			data(2, results.Client, false, results.StageHello, "EHLO <b>probe</b>.mailtls.test\r\n"),
			data(3, results.Server, false, results.StageHello, "250-mx.example\r\n250 STARTTLS\r\n"),
			data(4, results.Client, false, results.StageStartTLS, "STARTTLS\r\n"),
			data(5, results.Server, false, results.StageStartTLS, "220 go\r\n"),
			{At: at(6), From: results.Harness, Kind: results.EventTLS, Stage: results.StageHandshake, Text: "handshake complete"},
			data(7, results.Client, true, results.StageHello, "EHLO probe.mailtls.test\r\n"),
		},
	}
	for i := range 40 {
		s.Events = append(s.Events, data(8+i, results.Server, true, results.StageHello, fmt.Sprintf("250-%s %x\r\n", c.ID, random.Uint64())))
	}
	t.Sessions = append(t.Sessions, s)
	return t
}

// sender is a report with cells of a matrix of policies.
func sender() page.Report {
	r := &results.Report{
		Schema: results.Schema, Tool: results.Tool{Name: "mailtls", Version: "v1.2.3", Go: "go1.26.8"}, Started: began.Add(time.Hour), ClockFactor: 60,
		Target: results.TargetID{Name: "mta-00", Version: "4.2.1", Variant: "sender"}, Roles: []results.Role{results.RoleSender},
		Claims: results.Claims{Policies: []results.SenderPolicy{{Name: "may"}, {Name: "encrypt"}}},
	}
	for i, peer := range []string{"honest", "no-starttls", "starttls-454", "expired-certificate"} {
		for j, policy := range []string{"may", "encrypt"} {
			code := [][]results.FateCode{{results.FateTLS13, results.FateTLS13}, {results.FatePlain, results.FateDeferred}, {results.FatePlainSame, results.FateBounced}, {results.FateTLS13, results.FatePlainNew}}[i][j]
			c := results.CaseResult{
				ID: "fallback/" + peer, Row: fmt.Sprintf("S-%03d", i), Title: "What becomes of a message before " + peer, Role: results.RoleSender, Policy: policy, Level: results.Must, Source: "RFC 3207 §5",
				Status: results.StatusPass, Want: "as the policy says", Got: "it went " + string(code), Evidence: []string{"s1e2"}, Transcript: "transcripts/" + peer + "-" + policy + ".txt",
				Profile: peer, Cell: true, Fate: &results.Fate{Code: code, Seconds: 0.2, Connections: 1 + j},
			}
			if i == 3 && j == 1 {
				c.Status, c.Leaked = results.StatusFail, 412
			}
			r.Cases = append(r.Cases, c)
		}
	}
	r.Summarize()
	return page.Report{Report: r, Folder: "runs/mta-00-sender", Transcript: spoken(99)}
}

// loadRun is a run whose sessions took so many times as long as usual.
func loadRun(at time.Time, times float64) *results.Run {
	random := rand.New(rand.NewPCG(3, 4))
	h := func() results.Summary {
		h := results.NewHistogram()
		for range 4000 {
			h.Record(time.Duration(times * float64(2*time.Millisecond) * (1 + random.ExpFloat64())))
		}
		return results.Summarized(h)
	}
	r := &results.Run{
		Schema: results.RunSchema, Plan: results.Plan{Name: "nightly handshake", Target: "mta-00/default", Rate: 100, Duration: results.Span(40 * time.Second)},
		Env:     results.Env{Tool: results.Tool{Name: "mailtls", Version: "v1.2.3", Go: "go1.26.8"}, OS: "linux", Arch: "amd64", Kernel: "6.1.0", CPU: "Example CPU", Procs: 2, Target: "mta-00/default 4.2.1", Connection: "TLS1.3 X25519"},
		Started: at, Elapsed: 40, Attempted: 4000, Completed: 3990, Failed: map[results.ErrorClass]int64{results.FailTimeout: 10},
		Rate:   results.RunRate{Asked: 100, Achieved: 100, Completed: 99.75},
		Phases: map[results.Phase]results.Summary{}, Raw: h(), Lag: h(), Generator: results.Generator{Verdict: results.RunOK},
	}
	for _, p := range results.Phases() {
		r.Phases[p] = h()
	}
	for i := range 40 {
		r.Intervals = append(r.Intervals, results.Interval{At: float64(i), Length: 1, Attempted: 100, Completed: 97 + random.Int64N(6), Failed: int64(i % 4 / 3), Session: h(), LagP99: 100 * random.Float64()})
	}
	return r
}

// nights is a history whose figure gets worse halfway.
func nights() []nightly.Entry {
	random := rand.New(rand.NewPCG(5, 6))
	var all []nightly.Entry
	for n := range 60 {
		v := 800 * (1 + 0.01*random.NormFloat64())
		if n >= 40 {
			v *= 1.1
		}
		all = append(all, nightly.Entry{
			Kind: nightly.KindRun, Started: began.AddDate(0, 0, n-90), Subject: "nightly handshake on mta-00/default", Like: &results.Likeness{Machine: "linux/amd64", Peer: "mta-00"},
			Figures: map[string]float64{"target-cpu": v},
		})
	}
	return all
}

// everything has every section of a page.
func everything() page.Input {
	older, newer := loadRun(began, 1), loadRun(began.Add(time.Hour), 1.3)
	lo, hi := 0.07, 0.14
	honest := results.ModelCell{Sender: "exchange-2010", Receiver: "honest", Code: results.FateTLS12}
	return page.Input{
		Reports: []page.Report{receiver(0, 60), receiver(1, 60), receiver(2, 60), sender()},
		Models:  []results.ModelMatrix{{Senders: []string{"exchange-2010"}, Receivers: []string{"honest", "no-starttls"}, Cells: []results.ModelCell{honest}}},
		Interop: []results.Interop{{Pairs: []results.InteropPair{
			{Sender: "mta-00", Receiver: "mta-01", Policy: "may", Code: results.FateTLS13}, {Sender: "mta-01", Receiver: "mta-00", Policy: "may", Code: results.FatePlain},
			{Sender: "mta-01", Receiver: "mta-01", Policy: "may", Code: results.InteropNone, Note: "one target cannot be put before itself"},
		}}},
		Runs: []*results.Run{newer, older}, Base: []*results.Run{newer, older},
		Comparison: &comparison.Comparison{
			Verdict: comparison.Worse,
			Load: &comparison.Load{Verdict: comparison.Worse, Notes: []string{"the runs were taken on different days"}, Figures: []comparison.Figure{
				{Metric: "p99", Unit: "µs", Base: 9000, Now: 9900, Effect: 0.1, Lo: &lo, Hi: &hi, Adjusted: 0.004, Verdict: comparison.Worse},
				{Metric: "p50", Unit: "µs", Base: 4000, Now: 4010, Effect: 0.0025, Adjusted: 0.7, Verdict: comparison.Same},
			}},
		},
		History: nights(), Notes: []string{"history: index.json was torn: it is made again from the documents"},
	}
}

// wrote is the page of an input.
func wrote(in page.Input) (string, error) {
	var b strings.Builder
	err := page.Write(&b, in)
	return b.String(), err
}
