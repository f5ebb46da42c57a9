package results_test

import (
	"bytes"
	"strings"
	"testing"

	"mailtls/results"
)

func TestJUnitOfRuns(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*results.Run)
		says   []string
	}{
		"as it is": {func(*results.Run) {}, []string{`<failure type="lost" message="97 of 100 messages arrived, 3 are lost">`, `name="p99&lt;50ms"`, `<failure type="threshold" message="measured 9.0909`}},
		"limited": {func(r *results.Run) {
			r.Generator.Verdict, r.Generator.Reasons = results.RunGeneratorLimited, []string{"it began 90 %"}
		}, []string{`<error type="generator-limited" message="it began 90 %">`, `<skipped message="not judged: `}},
		"interrupted": {func(r *results.Run) { r.Interrupted = true }, []string{`<error type="interrupted"`}},
		"nothing":     {func(r *results.Run) { r.Completed = 0 }, []string{`<error type="undecided" message="none of 110 sessions was completed">`}},
		"all arrived": {func(r *results.Run) { r.Relay.Lost, r.Relay.Arrived = nil, 100 }, []string{"<![CDATA[100 of 100 messages arrived, 0 are lost]]>"}},
	} {
		r := sampleRun()
		c.change(r)
		r.Conclude()
		var b bytes.Buffer
		if err := results.WriteJUnits(&b, nil, []*results.Run{r}); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.says {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: %q is not in\n%s", name, want, b.String())
			}
		}
	}
}
