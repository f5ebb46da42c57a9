package results_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"mailtls/results"
)

// sampleSink sets every field of a sink's run.
func sampleSink() *results.SinkRun {
	run := sampleRun()
	r := &results.SinkRun{
		Schema: results.SinkSchema,
		Plan: results.SinkPlan{
			Listen: "127.0.0.1:2525", Peer: "opportunistic", Delay: delay("lognormal:10ms,0.5"), DelayAt: results.DelayContent, Seed: 7, Duration: results.Span(time.Minute),
		},
		Env: run.Env, Started: run.Started, Elapsed: 2, Sessions: 110, Completed: 100,
		Failed:   map[results.ErrorClass]int64{results.FailCommand: 7, results.AlertClass(40): 3},
		Messages: 200, Recipients: 400, Bytes: 123_456, Handshakes: 109, Resumed: 12, Interrupted: true,
		Rate: results.SinkRate{Sessions: 55, Messages: 100, Handshakes: 54.5}, Phases: map[results.Phase]results.Summary{},
		Delay: spread(200, 30*time.Millisecond), Sink: run.Generator,
		Sent: &results.SinkSent{
			Target: "postfix/sender 3.7.11", Policy: "may", Messages: 201, Failed: map[results.ErrorClass]int64{results.FailReply4: 2}, Lost: 1, CPU: 3500, CPUShare: 0.7,
		},
		Intervals: []results.SinkInterval{
			{At: 0, Length: 1, Sessions: 60, Failed: 4, Messages: 110, Handshakes: 60, Open: 2, HandshakeP99: 900, MessageP99: 30_000, CPUShare: 0.25},
		},
	}
	for i, p := range results.SinkPhases() {
		r.Phases[p] = spread(100, time.Duration(i+1)*time.Millisecond)
	}
	return r
}

func sinkJSON(t *testing.T, r *results.SinkRun) []byte {
	t.Helper()
	return encoded(t, func(b *bytes.Buffer) error { return results.WriteSink(b, r) })
}

// sinkSchema is the schema of sinks' runs, formats asserted.
func sinkSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(results.SinkSchemaJSON()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sink.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sink.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestSinkGolden(t *testing.T) {
	text := sinkJSON(t, sampleSink())
	golden(t, "sink.json", masked(text))
	if err := valid(t, sinkSchema(t), text); err != nil {
		t.Error(err)
	}
	got, err := results.ReadSink(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if again := sinkJSON(t, got); !bytes.Equal(again, text) {
		t.Errorf("written again differs:\n%s", again)
	}
	if got.Plan != sampleSink().Plan {
		t.Errorf("plan read back is %+v", got.Plan)
	}
}

func TestSinkOfNothingIsValid(t *testing.T) {
	r := &results.SinkRun{
		Schema: results.SinkSchema, Env: results.Env{Tool: results.Tool{Name: "x"}}, Delay: results.Summarized(results.NewHistogram()),
		Sink: results.Generator{Verdict: results.RunOK}, Sent: &results.SinkSent{},
	}
	text := sinkJSON(t, r)
	if err := valid(t, sinkSchema(t), text); err != nil {
		t.Error(err)
	}
	if _, err := results.ReadSink(bytes.NewReader(text)); err != nil {
		t.Error(err)
	}
}

func TestReadSinkRefuses(t *testing.T) {
	good := string(sinkJSON(t, sampleSink()))
	for name, tt := range map[string]struct{ old, new, want string }{
		"older version": {"mailtls-sink/1", "mailtls-sink/0", `document is of version "mailtls-sink/0"`},
		"unknown field": {`"resumed"`, `"resume"`, `unknown field "resume"`},
		"sum":           {`"completed": 100`, `"completed": 99`, "110 sessions, and 109 completed or failed"},
		"class":         {`"command-broken": 7`, `"slow": 7`, `"slow" is none of refused`},
		"phase":         {`"handshake": {`, `"connect": {`, `phase "connect" is none of starttls`},
		"delay":         {`"lognormal:10ms,0.5"`, `"lognormal:10ms"`, "it has 1 parameters, want 2"},
		"point":         {`"delay_at": "content"`, `"delay_at": "dot"`, `"dot" is none of greeting`},
		"figure":        {`"count": 200`, `"count": 201`, "delay: says 201 counted"},
		"more behind":   {"\n}\n", "\n}\n{}", "something stands behind it"},
		"cut":           {"\n}\n", "", "unexpected"},
	} {
		text := strings.Replace(good, tt.old, tt.new, 1)
		if text == good {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := results.ReadSink(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
}

func TestSinkSchemaHasEveryField(t *testing.T) {
	schema := &schemaObject{}
	if err := json.Unmarshal(results.SinkSchemaJSON(), schema); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		object *schemaObject
		value  any
	}{
		{"sink", schema, results.SinkRun{}},
		{"plan", schema.Properties["plan"], results.SinkPlan{}},
		{"env", schema.Properties["env"], results.Env{}},
		{"rate", schema.Properties["rate"], results.SinkRate{}},
		{"process", schema.Properties["sink"], results.Generator{}},
		{"sent", schema.Properties["sent"], results.SinkSent{}},
		{"summary", schema.Defs["summary"], results.Summary{}},
		{"interval", schema.Defs["interval"], results.SinkInterval{}},
	} {
		fields, required := jsonFields(tt.value)
		same(t, tt.name+" properties", keys(tt.object.Properties), fields)
		same(t, tt.name+" required", tt.object.Required, required)
		if tt.object.AdditionalProperties != false {
			t.Errorf("%s: additionalProperties is not false", tt.name)
		}
	}
	for name, tt := range map[string]struct{ got, want []string }{
		"phases":      {keys(schema.Properties["phases"].Properties), words(results.SinkPhases())},
		"points":      {schema.Properties["plan"].Properties["delay_at"].Enum, words(results.DelayPoints())},
		"classes":     {keys(schema.Properties["failed"].Properties), words(results.ErrorClasses())},
		"submissions": {keys(schema.Properties["sent"].Properties["failed"].Properties), words(results.ErrorClasses())},
		"verdicts":    {schema.Defs["verdict"].Enum, words(results.RunVerdicts())},
	} {
		same(t, name, tt.got, tt.want)
	}
}

func TestSinkExitCode(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*results.SinkRun)
		want   int
	}{
		"good":        {func(*results.SinkRun) {}, results.ExitConforming},
		"nobody":      {func(r *results.SinkRun) { r.Sent = nil }, results.ExitConforming},
		"lost":        {func(r *results.SinkRun) { r.Sent.Lost = 1 }, results.ExitNonconforming},
		"not taken":   {func(r *results.SinkRun) { r.Sent.Failed = map[results.ErrorClass]int64{results.FailReply4: 1} }, results.ExitNonconforming},
		"noisy":       {func(r *results.SinkRun) { r.Sink.Verdict = results.RunNoisyHost }, results.ExitTooNoisy},
		"nothing":     {func(r *results.SinkRun) { r.Sessions = 0 }, results.ExitUndecided},
		"interrupted": {func(r *results.SinkRun) { r.Interrupted = true; r.Sessions = 0 }, results.ExitInterrupted},
	} {
		r := sampleSink()
		r.Interrupted, r.Sent.Lost, r.Sent.Failed = false, 0, nil
		tt.change(r)
		if got := results.SinkExitCode(r); got != tt.want {
			t.Errorf("%s: exit code %d, want %d", name, got, tt.want)
		}
	}
}
