package fakes

import "mailtls/results"

// The times of the policies that our own sender plays, in seconds: short, so that
// a queue's whole life can be watched.
const (
	sendRetry    = 2
	sendTimeout  = 4
	sendLifetime = 16
	// sendLater leaves room for two peers' silence, and for a busy machine.
	sendLater = 14
)

// reactions is what a policy does for each trigger.
type reactions = map[results.Trigger]results.Reaction

// always has one reaction for every trigger.
func always(r results.Reaction) reactions {
	all := reactions{}
	for _, t := range results.Triggers() {
		all[t] = r
	}
	return all
}

// goingOn goes on in clear in the session where STARTTLS is not listed or refused,
// and has one reaction for all that comes after the go-ahead.
func goingOn(after results.Reaction) reactions {
	all := always(after)
	for _, t := range []results.Trigger{results.TriggerNotOffered, results.TriggerRefused4xx, results.TriggerRefused5xx} {
		all[t] = results.ReactClearSame
	}
	return all
}

// but changes the reaction to some triggers.
func (p Policy) but(r results.Reaction, triggers ...results.Trigger) Policy {
	for _, t := range triggers {
		p.Fallback[t] = r
	}
	return p
}

// sending makes a policy with the times of all of them.
func sending(name, doc string, level results.TLSLevel, fallback reactions) Policy {
	p := Policy{SenderPolicy: results.SenderPolicy{
		Name: name, Doc: doc, Level: level, Fallback: fallback,
		RetrySeconds: sendRetry, LifetimeSeconds: sendLifetime, TimeoutSeconds: sendTimeout,
	}}
	if level != results.LevelNone {
		p.Floor, p.Ceiling = "1.0", "1.3"
	}
	for _, r := range fallback {
		if r == results.ReactClearLater {
			p.LaterSeconds = sendLater
		}
	}
	return p
}

// with changes what is not about falling back.
func (p Policy) with(change func(*Policy)) Policy {
	change(&p)
	return p
}

func modernFloor(p *Policy) { p.Floor = "1.2" }
func credentials(p *Policy) { p.Credentials = true }
func reuse(p *Policy)       { p.Reuse = true }

func verifying(v results.Verify) func(*Policy) {
	return func(p *Policy) { modernFloor(p); p.Verify = v }
}

// Opportunistic is the policy for domains that no other is for: TLS where it can
// be had, whatever the certificate, and otherwise clear in the session or later.
func Opportunistic() Policy {
	return sending("may", "Takes TLS where it is to be had; goes on in clear in the session where it is not offered or refused, and in a later attempt where the handshake fails.",
		results.LevelOpportunistic, goingOn(results.ReactClearLater))
}

// opportunisticPolicies are the classes of falling back.
func opportunisticPolicies() []Policy {
	const may = results.LevelOpportunistic
	const anew, wait = results.ReactClearNew, results.ReactDefer
	return []Policy{
		Opportunistic(),
		sending("may-clear-new", "Goes in clear at once on a new connection where the handshake fails or the connection is lost inside TLS.",
			may, goingOn(anew)),
		sending("may-never", "Goes on in clear where STARTTLS is not offered or refused for good, and never else.",
			may, goingOn(wait)).but(wait, results.TriggerRefused4xx),
		sending("may-mixed", "Goes in clear at once on a new connection where the handshake fails or is reset, and waits where it is closed or silent.",
			may, goingOn(wait)).but(anew, results.TriggerFailed, results.TriggerReset),
		sending("may-tls12", "As may, with nothing below TLS 1.2.", may, goingOn(results.ReactClearLater)).with(modernFloor),
		sending("may-no-clear", "As may, but waits where STARTTLS is put off with 4xx.",
			may, goingOn(results.ReactClearLater)).but(wait, results.TriggerRefused4xx),
		sending("may-creds", "As may, but waits where the handshake fails; logs in where that is listed inside TLS, and never in clear.", may, goingOn(wait)).with(credentials),
		sending("may-reuse", "As may, and several mails may share a connection.", may, goingOn(results.ReactClearLater)).with(reuse),
	}
}

// mandatoryPolicies send inside TLS or not at all.
func mandatoryPolicies() []Policy {
	mandatory := func(name, doc string) Policy {
		return sending(name, doc, results.LevelMandatory, always(results.ReactDefer))
	}
	return []Policy{
		mandatory("encrypt", "Sends inside TLS, whatever the certificate, or waits."),
		mandatory("encrypt-bounce", "As encrypt, but gives mail back at once where STARTTLS is refused for good.").
			but(results.ReactBounce, results.TriggerRefused5xx),
		mandatory("encrypt-tls12", "As encrypt, with nothing below TLS 1.2.").with(modernFloor),
		mandatory("verify", "Sends inside TLS 1.2 or later with a certificate for the name of the MX host.").with(verifying(results.VerifyMXName)),
		mandatory("verify-next-hop", "Sends inside TLS 1.2 or later with a certificate for the recipient's domain, or for an MX host whose name lies below it.").with(verifying(results.VerifyNextHop)),
		mandatory("encrypt-creds", "As encrypt, and logs in where that is listed inside TLS.").with(credentials),
		mandatory("encrypt-reuse", "As encrypt, and several mails may share a connection.").with(reuse),
	}
}

// sendPolicies are all policies of our own sender.
func sendPolicies() []Policy {
	none := sending("none", "Never tries TLS.", results.LevelNone, nil)
	return append(append([]Policy{none}, opportunisticPolicies()...), mandatoryPolicies()...)
}

// sendingModel is our own engine, honest, as a sender.
func sendingModel() Model {
	m := Model{
		Name: "reference/sender", Doc: "mailtls's own engine as a sender, honest: it takes mail for any domain, and sends it by the policy that the domain names.",
		Receives: mustReceiver("opportunistic"), Sends: sendPolicies(),
		Claims: results.Claims{Features: []results.Feature{results.FeatureTLS13}},
	}
	for _, p := range m.Sends {
		m.Claims.Policies = append(m.Claims.Policies, p.SenderPolicy)
	}
	return m
}
