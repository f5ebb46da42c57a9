package results

// Legs lists every leg of a session.
func Legs() []Leg {
	return []Leg{LegProbe, LegSubmit, LegDeliver, LegDrain, LegBounce, LegReadback}
}

// Stages lists every stage in the order a conversation meets them.
func Stages() []Stage {
	return []Stage{
		StageConnect, StageGreeting, StageHello, StageStartTLS, StageHandshake, StageRenewal, StageAuth,
		StageMail, StageRcpt, StageData, StageBody, StageBdat, StageMailbox, StageReset, StageNoop,
		StageVerify, StageEtrn, StageHelp, StageQuit, StageUnknown,
	}
}

// Sides lists where an event may come from.
func Sides() []Side {
	return []Side{Client, Server, Harness}
}

// EventKinds lists every kind of event.
func EventKinds() []EventKind {
	return []EventKind{EventData, EventRecord, EventAlert, EventTLS, EventClose, EventNote}
}

// SessionEnds lists every way in which a connection ends.
func SessionEnds() []SessionEnd {
	return []SessionEnd{
		EndRefused, EndOurs, EndEOF, EndReset, EndTimeout, EndMissed, EndCancelled, EndBroken,
	}
}

// EndReasons lists every reason why watching ends.
func EndReasons() []EndReason {
	return []EndReason{EndSettled, EndQuiet, EndWindow, EndNoFence, EndInterrupted, EndFault}
}

// Levels lists every level, the strongest first.
func Levels() []Level {
	return []Level{Must, Should, May, Info}
}

// Outcomes lists every outcome of a report.
func Outcomes() []Outcome {
	return []Outcome{Conforming, ConformingWithWaivers, Nonconforming, Undecided}
}
