package results

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// checkTranscript refuses what could not be read back.
func checkTranscript(t *Transcript) error {
	if y := t.Started.UTC().Year(); y < 0 || y > 9999 {
		return fmt.Errorf("started in the year %d", y)
	}
	if math.IsNaN(t.ClockFactor) || math.IsInf(t.ClockFactor, 0) {
		return fmt.Errorf("clock factor is %v", t.ClockFactor)
	}
	if !slices.Contains(EndReasons(), t.Ended.Why) {
		return fmt.Errorf("unknown reason %q why watching ended", t.Ended.Why)
	}
	for _, m := range t.Messages {
		if m.BodyLength < 0 {
			return fmt.Errorf("message of session %d has a body of %d bytes", m.Session, m.BodyLength)
		}
	}
	ids := map[int]bool{}
	for i := range t.Sessions {
		s := &t.Sessions[i]
		if s.ID < 1 || ids[s.ID] {
			return fmt.Errorf("session number %d is below 1 or used twice", s.ID)
		}
		ids[s.ID] = true
		if err := checkSession(s); err != nil {
			return fmt.Errorf("session %d: %w", s.ID, err)
		}
	}
	return nil
}

func checkSession(s *Session) error {
	if !slices.Contains(Legs(), s.Leg) {
		return fmt.Errorf("unknown leg %q", s.Leg)
	}
	if !slices.Contains(SessionEnds(), s.End) {
		return fmt.Errorf("unknown end %q", s.End)
	}
	for i := range s.TLS {
		if err := checkTLS(&s.TLS[i]); err != nil {
			return fmt.Errorf("handshake %d: %w", i+1, err)
		}
	}
	for i := range s.Events {
		if err := checkEvent(&s.Events[i]); err != nil {
			return fmt.Errorf("event %d: %w", i+1, err)
		}
	}
	return nil
}

func checkTLS(f *TLSFacts) error {
	if f.Tickets < 0 || f.Tickets > math.MaxInt32 {
		return fmt.Errorf("%d tickets", f.Tickets)
	}
	for _, a := range f.Alerts {
		if !slices.Contains(Sides(), a.From) {
			return fmt.Errorf("alert from unknown side %q", a.From)
		}
	}
	for _, der := range slices.Concat(f.Chain, f.ClientChain) {
		if len(der) == 0 {
			return errors.New("empty certificate")
		}
	}
	return nil
}

func checkEvent(e *Event) error {
	switch {
	case !slices.Contains(Sides(), e.From):
		return fmt.Errorf("unknown side %q", e.From)
	case !slices.Contains(EventKinds(), e.Kind):
		return fmt.Errorf("unknown kind %q", e.Kind)
	case e.Stage != "" && !slices.Contains(Stages(), e.Stage):
		return fmt.Errorf("unknown stage %q", e.Stage)
	case e.Digest != nil && len(e.Bytes) > 0:
		return errors.New("has both bytes and a digest")
	case e.Digest != nil && e.Kind != EventData:
		return fmt.Errorf("%s event with a digest", e.Kind)
	default:
		return nil
	}
}
