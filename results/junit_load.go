package results

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// junitLoad is a load run as a suite.
func junitLoad(r *Run) junitSuite {
	suite := junitSuite{
		Name:       oneLine("load " + benchName(r.Plan) + " on " + cmp.Or(r.Env.Target, r.peer())),
		Timestamp:  junitTime(r.Started),
		Properties: junitFigures(r),
	}
	suite.Time = junitSeconds(r.Elapsed)
	suite.add(junitGenerator(r))
	for _, t := range r.Plan.Thresholds {
		suite.add(junitThreshold(r, t))
	}
	if r.Relay != nil {
		suite.add(junitRelay(r.Relay))
	}
	return suite
}

// junitFigures are what people look for first.
func junitFigures(r *Run) []junitProperty {
	s := r.Phases[PhaseSession]
	all := []junitProperty{
		{"verdict", oneLine(string(r.Generator.Verdict))},
		{"attempted", strconv.FormatInt(r.Attempted, 10)},
		{"completed", strconv.FormatInt(r.Completed, 10)},
		{"failed", strconv.FormatInt(r.Failures(), 10)},
		{"sessions_per_second", decimal(r.Rate.Completed)},
		{"p50_us", decimal(s.P50)},
		{"p99_us", decimal(s.P99)},
		{"generator_cpu_us_per_session", decimal(r.Generator.CPU)},
	}
	if r.Target != nil {
		all = append(all, junitProperty{"target_cpu_us_per_session", decimal(r.Target.CPU)})
	}
	return append(all, junitProperty{"tool", oneLine(strings.TrimSpace(r.Env.Tool.Name + " " + r.Env.Tool.Version))})
}

// loadClass is the class of the testcases of a run.
const loadClass = "load"

// junitGenerator is the run as such: whether its figures are the target's.
func junitGenerator(r *Run) junitCase {
	t := junitCase{Class: loadClass, Name: "run", Time: junitSeconds(r.Elapsed)}
	switch {
	case r.Interrupted:
		t.Error = &junitResult{Type: "interrupted", Message: "the user stopped it"}
	case r.Generator.Verdict != RunOK:
		reasons := strings.Join(r.Generator.Reasons, "; ")
		t.Error = &junitResult{Type: oneLine(string(r.Generator.Verdict)), Message: oneLine(reasons), Text: printable(strings.Join(r.Generator.Reasons, "\n"), "\n")}
	case r.Completed == 0:
		t.Error = &junitResult{Type: string(Undecided), Message: fmt.Sprintf("none of %d sessions was completed", r.Attempted)}
	}
	return t
}

// junitThreshold is what became of a threshold of the plan.
func junitThreshold(r *Run, asked Threshold) junitCase {
	t := junitCase{Class: loadClass + ".threshold", Name: oneLine(asked.String()), Time: junitSeconds(0)}
	for _, judged := range r.Thresholds {
		if judged.Threshold != asked {
			continue
		}
		measured := cmp.Or(judged.Note, asked.Shown(judged.Measured))
		if !judged.Kept {
			t.Failure = &junitResult{Type: "threshold", Message: oneLine("measured " + measured), Text: oneLine(asked.String() + ": measured " + measured)}
			return t
		}
		t.Out = &junitOutput{oneLine("measured " + measured)}
		return t
	}
	t.Skipped = &junitResult{Message: "not judged: the figures are not the target's"}
	return t
}

// junitRelay is whether what the target accepted did arrive.
func junitRelay(r *Relay) junitCase {
	t := junitCase{Class: loadClass + ".relay", Name: "arrived", Time: junitSeconds(0)}
	what := fmt.Sprintf("%d of %d messages arrived, %d are lost", r.Arrived, r.Accepted, r.Losses())
	if r.Losses() > 0 {
		t.Failure = &junitResult{Type: "lost", Message: what, Text: what}
		return t
	}
	t.Out = &junitOutput{what}
	return t
}
