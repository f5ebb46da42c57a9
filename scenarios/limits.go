package scenarios

import (
	"slices"

	"mailtls/results"
)

// limited finds the reply by which a target put us off before, or at, what a
// verdict against it rests on: it limits rates, greylists, or is about to stop.
// Nothing can then be told. A message that was read back tells what it tells,
// whatever was replied.
func limited(t *results.Transcript, v results.Verdict) (answer, bool) {
	if v.Status != results.StatusFail && v.Status != results.StatusNonstrict {
		return answer{}, false
	}
	last := map[int]int{} // the last event of the evidence, by session
	for _, ref := range v.Evidence {
		last[ref.Session] = max(last[ref.Session], ref.Event)
	}
	for _, s := range t.Sessions {
		if _, named := last[s.ID]; named && s.Leg == results.LegReadback {
			return answer{}, false
		}
	}
	for i := range t.Sessions {
		s := &t.Sessions[i]
		until, named := last[s.ID]
		if s.Leg != results.LegProbe || !named && len(last) > 0 {
			continue
		}
		if !named {
			until = len(s.Events) - 1
		}
		if a, found := putOff(s, until); found {
			return a, true
		}
	}
	return answer{}, false
}

// putOff finds the first reply up to an event that puts a client off. It must
// answer the connection or something that we said: a 421 out of the blue is no
// reply, and neither is what comes in clear where TLS is due.
func putOff(s *results.Session, until int) (answer, bool) {
	var seen []string
	started := false
	for _, e := range s.Events[:min(until+1, len(s.Events))] {
		if e.Mark == "" || slices.Contains(seen, e.Mark) {
			continue
		}
		seen = append(seen, e.Mark)
		a := reply(s, e.Mark)
		if !a.found || a.refs[0].Event > until || started && !a.secure {
			continue
		}
		if asked := e.Mark == markGreeting || len(sent(s, e.Mark)) > 0; asked && temporary(a, e.Stage) {
			return a, true
		}
		started = started || e.Mark == markStartTLS && a.is("220")
	}
	return answer{}, false
}

// temporary tells whether a reply puts a client off, whatever it was asked for.
func temporary(a answer, stage results.Stage) bool {
	return a.is("421", "432", "450", "451", "452") || stage == results.StageStartTLS && !a.secure && a.is("454")
}
