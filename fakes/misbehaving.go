package fakes

import (
	"slices"

	"mailtls/results"
)

// MisbehavingReceivers returns the receiving peers that senders are judged by.
// Each is an ordinary receiver that offers STARTTLS and takes plain mail all the
// same, but for the defect that it is named after: so that what a sender makes
// of the defect, be it mail in clear, is seen to the end.
func MisbehavingReceivers() []Profile {
	return slices.Concat(
		greetingPeers(), keywordPeers(), capabilityPeers(), startTLSPeers(), goAheadPeers(),
		handshakePeers(), alertPeers(), versionPeers(), suitePeers(), certificatePeers(), insidePeers(), renewingPeers(), enforcingPeers(),
	)
}

// peer is an ordinary receiver that offers STARTTLS, changed.
func peer(name, doc string, changes ...func(*Profile)) Profile {
	p := Profile{Name: name, Doc: doc, Offer: OfferStartTLS, Clear: usual(), TLS: usual()}
	for _, change := range changes {
		change(&p)
	}
	return p
}

// reply answers with a line in place of the honest behaviour, in clear.
func reply(at results.Stage, line string) func(*Profile) {
	return strike(Fault{At: at, Phase: PhaseClear, Do: ActionReply, Text: line + "\r\n"})
}

// rewrite behaves honestly in clear but for what is sent, line ends included.
func rewrite(at results.Stage, text string) func(*Profile) {
	return strike(Fault{At: at, Phase: PhaseClear, Do: ActionRewrite, Text: text})
}

// farewell answers with a line and closes.
func farewell(at results.Stage, phase Phase, line string) func(*Profile) {
	return faults(at, phase, Fault{When: Before, Do: ActionReply, Text: line + "\r\n"}, Fault{Do: ActionFin})
}

// faults adds several at one stage.
func faults(at results.Stage, phase Phase, list ...Fault) func(*Profile) {
	return func(p *Profile) {
		for _, f := range list {
			f.At, f.Phase = at, phase
			p.Faults = append(p.Faults, f)
		}
	}
}

// gate adds a gate.
func gate(g Gate) func(*Profile) {
	return func(p *Profile) { p.Gates = append(p.Gates, g) }
}

// offering says how TLS can be had.
func offering(o Offer) func(*Profile) { return func(p *Profile) { p.Offer = o } }

// listing says what is listed besides STARTTLS, in clear and inside TLS.
func listing(before, inside []string) func(*Profile) {
	return func(p *Profile) { p.Clear, p.TLS = before, inside }
}
