package fakes

import "mailtls/results"

// iis6 are the models of the SMTP virtual server of IIS 6.0.
func iis6() []Model {
	m := Model{
		Name: "iis6-smtp", Sends: []Policy{modelled(results.LevelNone, "", "", nil)},
		Doc: "The SMTP virtual server of IIS 6.0 as it is made: the box \"TLS encryption\" of outbound security is not checked, so that no TLS is tried; without a certificate there is none inbound either.",
		Receives: Profile{
			Name: "iis6-smtp", Offer: OfferNone, Clear: usual(),
			Doc: "Receives as the SMTP virtual server of IIS 6.0 does without a certificate: there is no TLS.",
		},
	}
	boxed := m
	boxed.Name = "iis6-smtp/tls"
	boxed.Doc = "The SMTP virtual server of IIS 6.0 with the box \"TLS encryption\" of outbound security checked: all mail goes inside TLS or not at all, and TLS 1.0 is the newest that Windows Server 2003 knows."
	sends := modelled(results.LevelMandatory, "1.0", "1.0", always(results.ReactDefer))
	sends.Suites = eraSuites()
	boxed.Sends = []Policy{sends}
	features := []results.Feature{results.FeatureTLSOff, results.FeaturePublicMX}
	return []Model{m.claiming(features...), boxed.claiming(features...)}
}

// fallbackClasses are other senders, for comparison: what they make of a failed
// handshake is in their documentation or source. They receive as nobody does in
// particular.
func fallbackClasses() []Model {
	const may = results.LevelOpportunistic
	at := func(r results.Reaction, triggers ...results.Trigger) reactions {
		all := goingOn(results.ReactDefer)
		for _, t := range triggers {
			all[t] = r
		}
		return all
	}
	var all []Model
	for _, c := range []struct {
		name, doc, floor string
		fallback         reactions
	}{
		{"postfix-may", "Postfix with smtp_tls_security_level = may: in clear after a failed handshake only in a later attempt, once the mail has waited for minimal_backoff_time (300 s, here 2 s).",
			"1.0", goingOn(results.ReactClearLater)},
		{"exim-may", "Exim with its defaults: in clear after a failed handshake at once on a new connection.", "1.0", goingOn(results.ReactClearNew)},
		{"opensmtpd", "OpenSMTPD with smtp://: in clear at once on a new connection after an error or a reset in the handshake, and never after a close or silence.",
			"1.0", at(results.ReactClearNew, results.TriggerFailed, results.TriggerReset)},
		{"sendmail", "Sendmail with its defaults: once STARTTLS has its go-ahead nothing goes in clear; what it does where STARTTLS is refused is not known, and the model goes on in clear.",
			"1.0", at(results.ReactDefer)},
	} {
		m := Model{Name: c.name, Doc: c.doc, Receives: mustReceiver("opportunistic"), Sends: []Policy{modelled(may, c.floor, "1.3", c.fallback)}}
		all = append(all, m.claiming(results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureModern, results.FeatureTLS13))
	}
	return all
}
