package scenarios

import (
	"fmt"

	"mailtls/results"
)

// NotPlayed says why a case is not played against a target with these claims; it
// is false when the case is to be played.
func NotPlayed(c Case, claims results.Claims, policy string) (results.Verdict, bool) {
	v := results.Verdict{Level: c.Level(claims, policy)}
	if c.Pending != "" {
		v.Status, v.Reason = results.StatusPending, c.Pending
		return v, true
	}
	if f := claims.Missing(c.Needs); f != "" {
		v.Status, v.Reason = results.StatusNA, "not claimed: "+string(f)
		return v, true
	}
	if c.Role == results.RoleSender && len(c.Policies(claims)) == 0 {
		v.Status, v.Reason = results.StatusNA, "no such policy is claimed: "+c.Under.Name
		return v, true
	}
	return v, false
}

// Decide concludes on a case: what the judge says, unless it could not be told.
// It is pure, and the only way to a verdict: live runs and re-judged folders
// both call it.
func Decide(c Case, t *results.Transcript, claims results.Claims) results.Verdict {
	v, done := NotPlayed(c, claims, t.Policy)
	if done {
		return v
	}
	level := v.Level
	v = conclude(c, t, claims)
	v.Level = level
	if c.Role == results.RoleSender {
		if v = bound(v, t, claims); v.Level == results.Must {
			level = results.Must
		}
	}
	if level == results.Info && (v.Status == results.StatusPass || v.Status == results.StatusNonstrict || v.Status == results.StatusFail) {
		v.Status = results.StatusInfo
	}
	return v
}

func conclude(c Case, t *results.Transcript, claims results.Claims) results.Verdict {
	if v, bad := disturbed(t); bad {
		return v
	}
	if s := cutShort(c, t); s != nil {
		return inconclusive("session %d was not over when the window closed", s.ID)
	}
	v := c.Judge(t, claims)
	if v.Status == results.StatusError {
		return v
	}
	if limit, found := limited(t, v); found && !c.Temporary {
		return inconclusive("the target was not willing, or not able, for now: %s", limit)
	}
	if t.Sanity.After != results.SanityOK {
		return inconclusive("the ordinary conversation after the case failed: %s", unsaid(t.Sanity.After))
	}
	if v.Status != results.StatusFail && c.Fence && claims.Has(results.FeatureReadback) && !settled(t) {
		return inconclusive("absence cannot be told: watching ended (%s) before the fence had come through", t.Ended.Why)
	}
	return v
}

// disturbed tells whether the transcript can carry no verdict at all.
func disturbed(t *results.Transcript) (results.Verdict, bool) {
	switch t.Ended.Why {
	case results.EndFault:
		return results.Verdict{Status: results.StatusError, Reason: "the harness failed: " + faultNote(t)}, true
	case results.EndInterrupted:
		return inconclusive("interrupted"), true
	case results.EndSettled, results.EndQuiet, results.EndWindow, results.EndNoFence:
	}
	if t.Sanity.Before != results.SanityOK {
		return inconclusive("the ordinary conversation before the case failed: %s", unsaid(t.Sanity.Before)), true
	}
	for _, s := range t.Sessions {
		if s.Leg == results.LegReadback && settled(t) && s.EndAt > t.Ended.At {
			return results.Verdict{
				Status: results.StatusError,
				Reason: fmt.Sprintf("session %d brought a message after watching had ended", s.ID),
			}, true
		}
		if s.End == results.EndBroken {
			return results.Verdict{Status: results.StatusError, Reason: fmt.Sprintf("session %d: %s", s.ID, s.LastNote())}, true
		}
	}
	return results.Verdict{}, false
}

// cutShort finds a dialogue of the case that the window's end broke off.
func cutShort(c Case, t *results.Transcript) *results.Session {
	for _, d := range c.Dialogues {
		for _, s := range probes(t, d.Name) {
			if s.End == results.EndCancelled {
				return s
			}
		}
	}
	return nil
}

// settled tells whether everything that was to come has come.
func settled(t *results.Transcript) bool {
	return t.Ended.Why == results.EndSettled || t.Ended.Why == results.EndQuiet
}

func unsaid(s string) string {
	if s == "" {
		return "it was not held"
	}
	return s
}

// faultNote is the last note of the harness in any session.
func faultNote(t *results.Transcript) string {
	for i := len(t.Sessions) - 1; i >= 0; i-- {
		if note := t.Sessions[i].LastNote(); note != "" {
			return note
		}
	}
	return "no note was left"
}
