package results_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mailtls/results"
)

const fullPlan = `# A plan that has most of the keys.
name: nightly
addr: 127.0.0.1:2525
server_name: mx.example
domain: example.com
rate: 250/s
poisson: true
duration: 1m30s
warmup: 5s
in_flight: 500
timeout: 10s
sources: [127.0.0.2, 127.0.0.3]
close: reset
seed: 18446744073709551615
shard: 1/4
thresholds:
  - p99<50ms
  - errors<0.1%
sessions:
  - kind: starttls
    protocol: smtp
    weight: 3
    size: 4096
    recipients: 2
    pipelining: true
    tls: 1.2
    group: X25519
    suite: TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    verify: chain
    hold: 1s
  - kind: plain
    protocol: lmtp
    weight: 1
    verify: none
`

func TestPlanIsReadAlikeFromYAMLFlagsAndJSON(t *testing.T) {
	read, err := results.ReadPlan("plan.yaml", []byte(fullPlan))
	if err != nil {
		t.Fatal(err)
	}
	var set results.Plan
	for key, text := range map[string]string{
		"name": "nightly", "addr": "127.0.0.1:2525", "server_name": "mx.example", "domain": "example.com", "rate": "250/s", "poisson": "true",
		"duration": "1m30s", "warmup": "5s", "in_flight": "500", "timeout": "10s", "sources": "127.0.0.2, 127.0.0.3", "close": "reset",
		"seed": "18446744073709551615", "shard": "1/4", "thresholds": "p99<50ms,errors<0.1%",
	} {
		if err := set.Set(key, text); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	set.Sessions = []results.SessionPlan{{}, {Kind: results.KindPlain, Protocol: results.LMTP, Weight: 1, Verify: results.CheckNone}}
	for key, text := range map[string]string{
		"kind": "starttls", "protocol": "smtp", "weight": "3", "size": "4096", "recipients": "2", "pipelining": "true", "tls": "1.2", "group": "X25519",
		"suite": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "verify": "chain", "hold": "1s",
	} {
		if err := set.Sessions[0].Set(key, text); err != nil {
			t.Errorf("sessions.%s: %v", key, err)
		}
	}
	if !reflect.DeepEqual(read, set) {
		t.Errorf("YAML gives\n%+v, flags give\n%+v", read, set)
	}
	text, err := json.Marshal(read)
	if err != nil {
		t.Fatal(err)
	}
	var stored results.Plan
	if err := json.Unmarshal(text, &stored); err != nil || !reflect.DeepEqual(stored, read) {
		t.Errorf("JSON %s gives\n%+v, %v", text, stored, err)
	}
}

// TestEveryKeyCanBeSet: no key of a plan is forgotten by what reads values.
func TestEveryKeyCanBeSet(t *testing.T) {
	values := map[string]string{
		"rate": "1/s", "ramp": "1/s..2/s", "steps": "1/s:1s,2/s:2s", "find_max": "1/s..2/s", "poisson": "true", "duration": "1s", "warmup": "1s", "timeout": "1s",
		"sources": "127.0.0.1", "close": "quit", "shard": "0/2", "thresholds": "p99<1s", "kind": "plain", "protocol": "smtp", "pipelining": "true", "tls": "1.3",
		"group": "P-256", "suite": "TLS_RSA_WITH_AES_128_CBC_SHA", "verify": "every", "hold": "1s", "think": "1s",
	}
	var p results.Plan
	var s results.SessionPlan
	try := func(keys []string, set func(key, text string) error) {
		for _, key := range keys {
			text := values[key]
			if text == "" {
				text = "7"
			}
			if err := set(key, text); err != nil {
				t.Errorf("%s: %v", key, err)
			}
		}
	}
	try(results.PlanKeys(), p.Set)
	try(results.SessionKeys(), s.Set)
	for _, v := range []reflect.Value{reflect.ValueOf(p), reflect.ValueOf(s)} {
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "Sessions" {
				t.Errorf("%s was not set", name)
			}
		}
	}
	if err := p.Set("sessions", "x"); err == nil {
		t.Error("sessions can be set by a text")
	}
}

func TestReadPlanRefuses(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"unknown key", "rate:", "rates:", `plan.yaml:6:1: unknown key "rates"; there are name, addr,`},
		{"unknown key in a session", "    hold:", "    held:", `plan.yaml:30:5: unknown key "held"; there are kind,`},
		{"number as key", "poisson:", "7:", `plan.yaml:7:1: unknown key "7"`},
		{"repeated key", "poisson: true", "name: x", `"name"`},
		{"duration", "1m30s", "90", `plan.yaml:8:11: "90" is no duration such as 30s`},
		{"negative", "warmup: 5s", "warmup: -5s", `plan.yaml:9:9: "-5s" is below 0`},
		{"float for a number", "in_flight: 500", "in_flight: 1.5", `plan.yaml:10:12: "1.5" is no whole number`},
		{"rate", "250/s", "fast", `plan.yaml:6:7: "fast" is no rate`},
		{"list for a value", "name: nightly", "name: [a]", "plan.yaml:2:7: want one value"},
		{"value for a list", "[127.0.0.2, 127.0.0.3]", "127.0.0.2", "plan.yaml:12:10: want a list"},
		{"address", "127.0.0.3]", "localhost]", "plan.yaml:12:22:"},
		{"close", "close: reset", "close: fin", `plan.yaml:13:8: "fin" is none of quit, reset`},
		{"shard", "shard: 1/4", "shard: 4/4", `plan.yaml:15:8: "4/4" is no shard`},
		{"threshold", "p99<50ms", "p99=50ms", "plan.yaml:17:5:"},
		{"version", "tls: 1.2", "tls: 1.4", `plan.yaml:26:10: "1.4" is none of 1.0, 1.1, 1.2, 1.3`},
		{"anchor", "name: nightly", "name: &x nightly", "plan.yaml:2:7: anchors"},
		{"nothing given", "name: nightly", "name:", "plan.yaml:2:6: want one value"},
		{"syntax", "sources: [127.0.0.2,", "sources: [127.0.0.2", "plan.yaml:"},
		{"second document", "# A plan", "---\na: b\n---\n#", "a second document"},
		{"two targets", "domain: example.com", "peer: x", "plan.yaml:2:1: want one of addr, target and peer"},
		{"two arrivals", "domain: example.com", "workers: 7", "plan.yaml:2:1: want one of rate, workers, ramp, steps and find_max"},
		{"no end", "duration: 1m30s", "", "want one of duration and count"},
		{"think without workers", "hold: 1s", "think: 1s", "plan.yaml:30:5: sessions[0].think: only workers think"},
		{"plain with TLS", "    verify: none", "    verify: chain", "plan.yaml:31:5: sessions[1].kind: plain sessions have no TLS"},
		{"protocol", "protocol: lmtp", "protocol: nntp", `plan.yaml:32:15: "nntp" is none of smtp, lmtp, imap, pop3`},
		{"messages by IMAP", "protocol: smtp", "protocol: imap", "plan.yaml:23:5: sessions[0].size: not supported: messages by imap"},
		{"recipients without a message", "size: 4096", "size: 0", "plan.yaml:23:5: sessions[0].size: recipients and pipelining"},
		{"search without thresholds", "rate: 250/s", "find_max: 10/s..20/s", "plan.yaml:15:1: shard: a search is not split"},
		{"suite of TLS 1.3", "tls: 1.2", "tls: 1.3", "plan.yaml:28:5: sessions[0].suite"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(fullPlan, tt.old, tt.new, 1)
			if text == fullPlan {
				t.Fatal("nothing was changed")
			}
			_, err := results.ReadPlan("plan.yaml", []byte(text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	for _, text := range []string{"", "# nothing\n", "- a\n", "name\n"} {
		if _, err := results.ReadPlan("plan.yaml", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), "plan.yaml:1:") {
			t.Errorf("%q: error %v", text, err)
		}
	}
}

func TestPlanMayLeaveOpenWhatItLoads(t *testing.T) {
	p, err := results.ReadPlan("plan.yaml", []byte("workers: 2\ncount: 10\n"))
	if err != nil || p.Workers != 2 {
		t.Errorf("plan %+v, %v", p, err)
	}
	if faults := p.Filled().Check(); len(faults) != 1 {
		t.Errorf("faults %v, want the one of it", faults)
	}
}

func TestPlanChecks(t *testing.T) {
	good := results.Plan{Addr: "x:1", Rate: 1, Duration: 1}
	for name, tt := range map[string]struct {
		change func(*results.Plan)
		want   string
	}{
		"good":                {func(*results.Plan) {}, ""},
		"ramp with count":     {func(p *results.Plan) { p.Rate, p.Ramp, p.Duration, p.Count = 0, results.Ramp{To: 1}, 0, 5 }, "count"},
		"ramp from 0":         {func(p *results.Plan) { p.Rate, p.Ramp, p.Warmup = 0, results.Ramp{To: 1}, 5 }, "warmup"},
		"steps":               {func(p *results.Plan) { p.Rate, p.Duration, p.Steps = 0, 0, []results.Step{{Rate: 1, For: 1}} }, ""},
		"steps with duration": {func(p *results.Plan) { p.Rate, p.Steps = 0, []results.Step{{Rate: 1, For: 1}} }, "steps"},
		"endless step":        {func(p *results.Plan) { p.Rate, p.Duration, p.Steps = 0, 0, []results.Step{{Rate: 1}} }, "steps[0]"},
		"poisson workers":     {func(p *results.Plan) { p.Rate, p.Workers, p.Poisson = 0, 1, true }, "poisson"},
		"too many shards":     {func(p *results.Plan) { p.Rate, p.Workers, p.Shard = 0, 1, results.Shard{Of: 2} }, "workers"},
		"search":              {func(p *results.Plan) { p.Rate, p.FindMax = 0, results.Ramp{From: 1, To: 2} }, "find_max"},
		"search backwards": {func(p *results.Plan) {
			p.Rate, p.FindMax, p.Thresholds = 0, results.Ramp{From: 2, To: 1}, []results.Threshold{{}}
		}, "find_max"},
		"weight": {func(p *results.Plan) { p.Sessions = []results.SessionPlan{{Weight: -1}} }, "sessions[0].weight"},
	} {
		p := good
		tt.change(&p)
		faults := p.Filled().Check()
		if tt.want == "" && len(faults) > 0 || tt.want != "" && (len(faults) != 1 || faults[0].Key != tt.want) {
			t.Errorf("%s: faults %v, want one at %q", name, faults, tt.want)
		}
	}
}

// FuzzReadPlan: a plan that is read survives being stored.
func FuzzReadPlan(f *testing.F) {
	f.Add([]byte(fullPlan))
	f.Add([]byte("addr: x:1\nsteps: [50/s:10s, 1e2/m:1h]\n"))
	f.Add([]byte("peer: x\nfind_max: 10/s..2000/s\nduration: 5s\nthresholds: [p99<50ms]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := results.ReadPlan("plan.yaml", data)
		if err != nil {
			return
		}
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var again results.Plan
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if second, err := json.Marshal(again); err != nil || !bytes.Equal(second, text) {
			t.Errorf("%s is stored again as %s, %v", text, second, err)
		}
	})
}

// FuzzReadRun: a run that is read can be written, and reads the same again.
func FuzzReadRun(f *testing.F) {
	var sample bytes.Buffer
	if err := results.WriteRun(&sample, sampleRun()); err != nil {
		f.Fatal(err)
	}
	f.Add(sample.Bytes())
	if text, err := os.ReadFile(filepath.Join("testdata", "golden", "run.json")); err == nil {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := results.ReadRun(bytes.NewReader(data))
		if err != nil {
			return
		}
		text := runJSON(t, r)
		again, err := results.ReadRun(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(runJSON(t, again), text) {
			t.Error("written again differs")
		}
		results.RunExitCode(again)
	})
}

// FuzzIntervalLog: a log that is read can be written, and reads the same again.
func FuzzIntervalLog(f *testing.F) {
	var sample bytes.Buffer
	if err := results.WriteIntervalLog(&sample, sampleRun().Log()); err != nil {
		f.Fatal(err)
	}
	f.Add(sample.Bytes())
	f.Add([]byte("#[StartTime: 12.500 (seconds\nTag=a,0.5,1,2,HISTF\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := results.ReadIntervalLog(bytes.NewReader(data))
		if err != nil {
			return
		}
		text := encoded(t, func(b *bytes.Buffer) error { return results.WriteIntervalLog(b, l) })
		again, err := results.ReadIntervalLog(bytes.NewReader(text))
		if err != nil || len(again.Entries) != len(l.Entries) {
			t.Fatalf("read again: %d entries of %d, %v", len(again.Entries), len(l.Entries), err)
		}
		for i, e := range l.Entries {
			if a := again.Entries[i]; a.At != e.At || a.Length != e.Length || a.Tag != e.Tag || !a.Histogram.Equal(e.Histogram) {
				t.Errorf("entry %d is %v, then %v", i, e, a)
			}
		}
	})
}
