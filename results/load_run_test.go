package results_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"mailtls/results"
)

// encoded is what a codec gives.
func encoded(t *testing.T, write func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func runJSON(t *testing.T, r *results.Run) []byte {
	t.Helper()
	return encoded(t, func(b *bytes.Buffer) error { return results.WriteRun(b, r) })
}

// masked hides the histograms, whose compression may differ from one release of
// Go to another; round trips look at them.
func masked(text []byte) []byte {
	return regexp.MustCompile(`HISTF[A-Za-z0-9+/=]+`).ReplaceAll(text, []byte("HISTF..."))
}

// runSchema is the schema of runs, formats asserted.
func runSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(results.RunSchemaJSON()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("run.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("run.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestRunGolden(t *testing.T) {
	r := sampleRun()
	text := runJSON(t, r)
	golden(t, "run.json", masked(text))
	if err := valid(t, runSchema(t), text); err != nil {
		t.Error(err)
	}
	golden(t, "run.hlog", masked(encoded(t, func(b *bytes.Buffer) error { return results.WriteIntervalLog(b, r.Log()) })))
	golden(t, "run.bench", encoded(t, func(b *bytes.Buffer) error { return results.WriteBenchmark(b, r) }))
	golden(t, "run.prom", encoded(t, func(b *bytes.Buffer) error { return results.WritePrometheus(b, r) }))
	golden(t, "run.csv", encoded(t, func(b *bytes.Buffer) error { return results.WriteIntervals(b, r) }))
}

func TestRunRoundTrip(t *testing.T) {
	want := sampleRun()
	got, err := results.ReadRun(bytes.NewReader(runJSON(t, want)))
	if err != nil {
		t.Fatal(err)
	}
	for p, s := range want.Phases {
		if !s.HDR.Equal(got.Phases[p].HDR) {
			t.Errorf("histogram of %s differs", p)
		}
	}
	if again := runJSON(t, got); !bytes.Equal(again, runJSON(t, want)) {
		t.Errorf("written again differs:\n%s", again)
	}
	if !reflect.DeepEqual(got.Plan, want.Plan) {
		t.Errorf("plan read back is %+v, want %+v", got.Plan, want.Plan)
	}
}

func TestRunOfNothingIsValid(t *testing.T) {
	nothing := results.Summarized(results.NewHistogram())
	r := &results.Run{
		Schema: results.RunSchema, Plan: results.Plan{}.Filled(), Env: results.Env{Tool: results.Tool{Name: "x"}}, Raw: nothing, Lag: nothing,
		Generator: results.Generator{Verdict: results.RunOK},
	}
	text := runJSON(t, r)
	if err := valid(t, runSchema(t), text); err != nil {
		t.Error(err)
	}
	if _, err := results.ReadRun(bytes.NewReader(text)); err != nil {
		t.Error(err)
	}
}

func TestReadRunRefuses(t *testing.T) {
	good := string(runJSON(t, sampleRun()))
	for _, tt := range []struct{ name, old, new, want string }{
		{"older version", "mailtls-run/1", "mailtls-run/0", `document is of version "mailtls-run/0", this program reads "mailtls-run/1"`},
		{"unknown field", `"resumed"`, `"resume"`, `unknown field "resume"`},
		{"sum", `"completed": 100`, `"completed": 99`, "110 attempted, and 109 completed or failed"},
		{"class", `"timeout": 7`, `"slow": 7`, `"slow" is none of refused`},
		{"alert", `"alert-40"`, `"alert-256"`, `"alert-256" is none of`},
		{"phase", `"handshake": {`, `"shake": {`, `phase "shake" is none of connect`},
		{"verdict", `"verdict": "ok"`, `"verdict": "fine"`, `"fine" is none of ok`},
		{"kind", `"kind": "plain"`, `"kind": "ssl"`, `"ssl" is none of plain`},
		{"threshold", `"p99<50ms"`, `"p99=50ms"`, "is no threshold"},
		{"figure", `"p50_us": 15007.743`, `"p50_us": 15`, "raw: says 100 counted"},
		{"histogram", "HISTFAAAA", "HISTFAAAB", "decode histogram"},
		{"more behind", "\n}\n", "\n}\n{}", "after top-level value"},
		{"cut", "\n}\n", "", "unexpected end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(good, tt.old, tt.new, 1)
			if text == good {
				t.Fatal("nothing was changed")
			}
			_, err := results.ReadRun(strings.NewReader(text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestRunSchemaHasEveryField(t *testing.T) {
	schema := &schemaObject{}
	if err := json.Unmarshal(results.RunSchemaJSON(), schema); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		object *schemaObject
		value  any
	}{
		{"run", schema, results.Run{}},
		{"plan", schema.Properties["plan"], results.Plan{}},
		{"env", schema.Properties["env"], results.Env{}},
		{"tool", schema.Properties["env"].Properties["tool"], results.Tool{}},
		{"rate", schema.Properties["rate"], results.RunRate{}},
		{"generator", schema.Properties["generator"], results.Generator{}},
		{"target", schema.Properties["target"], results.TargetUse{}},
		{"relay", schema.Properties["relay"], results.Relay{}},
		{"search", schema.Properties["search"], results.Search{}},
		{"session", schema.Defs["session"], results.SessionPlan{}},
		{"summary", schema.Defs["summary"], results.Summary{}},
		{"interval", schema.Defs["interval"], results.Interval{}},
		{"threshold", schema.Defs["threshold"], results.ThresholdResult{}},
		{"try", schema.Defs["try"], results.Try{}},
	} {
		fields, required := jsonFields(tt.value)
		same(t, tt.name+" properties", keys(tt.object.Properties), fields)
		same(t, tt.name+" required", tt.object.Required, required)
		if tt.object.AdditionalProperties != false {
			t.Errorf("%s: additionalProperties is not false", tt.name)
		}
		for name, p := range tt.object.Properties {
			if p.Description == "" && schema.Defs[strings.TrimPrefix(p.Ref, "#/$defs/")].Description == "" {
				t.Errorf("%s.%s has no description", tt.name, name)
			}
		}
	}
	for name, tt := range map[string]struct{ got, want []string }{
		"kinds":    {schema.Defs["session"].Properties["kind"].Enum, words(results.SessionKinds())},
		"checks":   {schema.Defs["session"].Properties["verify"].Enum, words(results.Checkings())},
		"closes":   {schema.Properties["plan"].Properties["close"].Enum, words(results.CloseModes())},
		"phases":   {keys(schema.Properties["phases"].Properties), words(results.Phases())},
		"classes":  {keys(schema.Properties["failed"].Properties), words(results.ErrorClasses())},
		"losses":   {keys(schema.Properties["relay"].Properties["lost"].Properties), words(results.LossClasses())},
		"verdicts": {schema.Defs["verdict"].Enum, words(results.RunVerdicts())},
	} {
		same(t, name, tt.got, tt.want)
	}
}

func TestIntervalLogRoundTrip(t *testing.T) {
	want := sampleRun().Log()
	text := encoded(t, func(b *bytes.Buffer) error { return results.WriteIntervalLog(b, want) })
	got, err := results.ReadIntervalLog(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if !got.Started.Equal(want.Started) || len(got.Entries) != len(want.Entries) {
		t.Fatalf("started %v with %d entries, want %v with %d", got.Started, len(got.Entries), want.Started, len(want.Entries))
	}
	for i, e := range got.Entries {
		w := want.Entries[i]
		if e.Tag != w.Tag || e.At != w.At || e.Length != w.Length || !e.Histogram.Equal(w.Histogram) {
			t.Errorf("entry %d is %s %v %v, want %s %v %v", i, e.Tag, e.At, e.Length, w.Tag, w.At, w.Length)
		}
	}
	theirs := hdrhistogram.NewHistogramLogReader(bytes.NewReader(text))
	for i, w := range want.Entries {
		h, err := theirs.NextIntervalHistogram()
		if err != nil || h == nil || h.TotalCount() != w.Histogram.Count() || h.Tag() != w.Tag {
			t.Fatalf("the library reads entry %d as %v, %v", i, h, err)
		}
	}
}

// TestPackedHistogramIsTheSame: whatever is asked of a packed histogram, it
// answers as the other does, and counts on.
func TestPackedHistogramIsTheSame(t *testing.T) {
	for _, n := range []int{0, 1, 5000} {
		plain, packed := results.NewHistogram(), results.NewHistogram()
		for i := range n {
			d := time.Duration(i*i) * time.Microsecond
			plain.Record(d)
			packed.Record(d)
		}
		packed.Pack()
		packed.Pack()
		a, b := results.Summarized(plain), results.Summarized(packed)
		a.HDR, b.HDR = nil, nil
		if a != b || packed.Count() != int64(n) || packed.Quantile(0.9) != plain.Quantile(0.9) || packed.Max() != plain.Max() || packed.Mean() != plain.Mean() {
			t.Errorf("%d: packed it says %+v, else %+v", n, b, a)
		}
		text, err := packed.MarshalText()
		want, _ := plain.MarshalText()
		if err != nil || string(text) != string(want) || !packed.Equal(plain) || !plain.Equal(packed) {
			t.Errorf("%d: packed it is another: %v", n, err)
		}
		sum := results.NewHistogram()
		sum.Merge(packed)
		packed.Merge(plain)
		packed.Record(time.Second)
		if sum.Count() != int64(n) || packed.Count() != int64(2*n+1) {
			t.Errorf("%d: merged %d and %d", n, sum.Count(), packed.Count())
		}
		packed.Pack()
		packed.Reset()
		if packed.Count() != 0 {
			t.Errorf("%d: %d counted after a reset", n, packed.Count())
		}
	}
}

func TestHistogramIsExactToThreeDigits(t *testing.T) {
	h := results.NewHistogram()
	var all []time.Duration
	for i := range 20_000 {
		d := time.Duration(100_000 + i*i*7)
		all = append(all, d)
		h.Record(d)
	}
	slices.Sort(all)
	for _, q := range []float64{0.5, 0.9, 0.99, 0.999, 1} {
		want := all[max(int(q*float64(len(all)))-1, 0)]
		if got := h.Quantile(q); float64((got - want).Abs()) > 0.001*float64(want) {
			t.Errorf("quantile %v is %v, want %v within 0.1 %%", q, got, want)
		}
	}
	h.Record(-time.Second)
	h.Record(100 * time.Hour)
	if h.Count() != 20_002 || h.Max() < time.Hour || h.Max() > time.Hour+4*time.Second {
		t.Errorf("counted %d, the longest %v", h.Count(), h.Max())
	}
}

func TestMergedIsWhatOneHadCounted(t *testing.T) {
	one, a, b := results.NewHistogram(), results.NewHistogram(), results.NewHistogram()
	for i := range 5000 {
		d := time.Duration(i) * 37 * time.Microsecond
		one.Record(d)
		[]*results.Histogram{a, b}[i%2].Record(d)
	}
	a.Merge(b)
	got, _ := a.MarshalText()
	want, _ := one.MarshalText()
	if !a.Equal(one) || !bytes.Equal(got, want) {
		t.Errorf("merged gives %s, want %s", got, want)
	}
}

func TestRunExitCode(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*results.Run)
		want   int
	}{
		"kept":    {func(*results.Run) {}, results.ExitConforming},
		"missed":  {func(r *results.Run) { r.Plan.Thresholds = []results.Threshold{threshold("p50<1us")} }, results.ExitNonconforming},
		"limited": {func(r *results.Run) { r.Generator.Verdict = results.RunGeneratorLimited }, results.ExitTooNoisy},
		"noisy":   {func(r *results.Run) { r.Generator.Verdict = results.RunNoisyHost }, results.ExitTooNoisy},
		"lost": {func(r *results.Run) {
			r.Relay = &results.Relay{Accepted: 1, Lost: map[results.LossClass]int64{results.LostReturned: 1}}
		}, results.ExitNonconforming},
		"nothing":     {func(r *results.Run) { r.Completed = 0 }, results.ExitUndecided},
		"interrupted": {func(r *results.Run) { r.Interrupted = true; r.Generator.Verdict = results.RunNoisyHost }, results.ExitInterrupted},
	} {
		r := sampleRun()
		r.Plan.Thresholds, r.Relay = nil, nil
		tt.change(r)
		r.Conclude()
		if got := results.RunExitCode(r); got != tt.want {
			t.Errorf("%s: exit code %d, want %d", name, got, tt.want)
		}
	}
}
