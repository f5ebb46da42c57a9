package fakes

// The times of the broken twins that send, in seconds: shorter than those of the
// honest one, since each of them meets few cases at a time.
const (
	twinRetry    = 1
	twinTimeout  = 3
	twinLifetime = 9
	twinLater    = 8.5
)

// SendingTwins returns the broken twins of the reference sender: each has one
// flaw, after which it is named, in all its policies, and claims what its honest
// twin claims.
func SendingTwins() []Model {
	var all []Model
	for _, row := range sendingFlaws() {
		all = append(all, sendingTwin(row.flaw, row.doc))
	}
	return all
}

// flawed is a flaw, and what a sender does that has it.
type flawed struct {
	flaw Flaw
	doc  string
}

// sendingTwin gives the reference sender a flaw.
func sendingTwin(f Flaw, doc string) Model {
	m := sendingModel()
	m.Name, m.Doc, m.Claims.Policies = "twin/"+string(f), doc, nil
	for i := range m.Sends {
		p := &m.Sends[i]
		p.Flaws = []Flaw{f}
		p.RetrySeconds, p.TimeoutSeconds, p.LifetimeSeconds = twinRetry, twinTimeout, twinLifetime
		if p.LaterSeconds > 0 {
			p.LaterSeconds = twinLater
		}
		m.Claims.Policies = append(m.Claims.Policies, p.SenderPolicy)
	}
	return m
}

// sendingFlaws are the flaws, each with a twin.
func sendingFlaws() []flawed {
	return append(dialogueFlaws(), append(fallbackFlaws(), append(handshakeFlaws(), queueFlaws()...)...)...)
}

func dialogueFlaws() []flawed {
	return []flawed{
		{FlawAnyGreeting, "Goes on whatever the greeting says."},
		{FlawLaxCodes, "Takes every reply that is no refusal for the one it waits for."},
		{FlawHeloInClear, "Sends in clear after HELO where EHLO is refused, though TLS is mandatory."},
		{FlawNeverUpgrades, "Sends in clear where STARTTLS is listed."},
		{FlawCaseSensitiveKeyword, "Overlooks STARTTLS that is not in capitals."},
		{FlawGreetingKeyword, "Takes STARTTLS on the first line of the EHLO reply for an offer."},
		{FlawStartTLSArgument, "Sends a parameter with STARTTLS."},
		{FlawPipelinesBehind, "Sends EHLO in clear right behind STARTTLS."},
		{FlawStartsEarly, "Begins the handshake before the go-ahead is complete."},
		{FlawLoopsStartTLS, "Asks for TLS again and again on a connection where it was refused."},
		{FlawStartTLSAgain, "Asks for TLS inside TLS where it is listed there."},
		{FlawNoEhloAfterTLS, "Sends mail inside TLS without a new EHLO."},
		{FlawTakes354, "Sends the content after 354 to STARTTLS."},
		{FlawKeepCapabilities, "Uses after STARTTLS what was listed before."},
		{FlawInjectedReply, "Takes what came behind the go-ahead for the reply to EHLO inside TLS."},
		{FlawPartialLine, "Glues an unfinished line from before TLS to the first one inside."},
		{FlawAuthInClear, "Logs in in clear."},
		{FlawFalseDelivered, "Takes a reply that it did not ask for as the answer to the content."},
		{FlawNoTimeout, "Waits for a silent peer without end."},
		{FlawReuseAcross, "Sends mail of one policy over a connection made under another."},
	}
}

func fallbackFlaws() []flawed {
	return []flawed{
		{FlawFallsBack, "Sends in clear on a new connection though the policy forbids it."},
		{FlawClearSame, "Sends in clear on the connection whose handshake failed."},
		{FlawParsesAfter220, "Sends in clear on a connection that answers its ClientHello with a reply in clear."},
		{FlawClearAt421, "Sends in clear on a new connection once STARTTLS got 421."},
		{FlawClearAfterTLSSuccess, "Sends in clear once a connection inside TLS was lost at the end of the content."},
	}
}

func handshakeFlaws() []flawed {
	return []flawed{
		{FlawIgnoresFloor, "Speaks versions below the floor."},
		{FlawTLS12Missing, "Speaks nothing newer than TLS 1.1."},
		{FlawOffersRC4, "Offers suites with RC4 and 3DES."},
		{FlawAnyName, "Does not look at the name in the certificate."},
		{FlawAnyIssuer, "Does not look at who issued the certificate."},
		{FlawAnyDate, "Does not look at the dates of the certificate."},
		{FlawAnyUsage, "Does not look at what the certificate is for."},
		{FlawCommonName, "Takes the common name of a certificate that has no other."},
		{FlawWildcardDeep, "Has a wildcard stand for several labels."},
		{FlawWildcardPartial, "Has a wildcard stand for a part of a label."},
		{FlawSNIAddress, "Sends an address as server name."},
		{FlawResumeUnverified, "Resumes sessions of other policies, and does not look at their certificates."},
	}
}

func queueFlaws() []flawed {
	return []flawed{
		{FlawLoses, "Drops a deferred message."},
		{FlawTwice, "Delivers each message twice."},
		{FlawOnlyFirstMX, "Never tries the second host of a domain."},
		{FlawBounces454, "Gives a message back when STARTTLS gets 4xx."},
		{FlawBouncesUntrusted, "Gives a message back when the certificate does not hold."},
		{FlawRetriesForever, "Does not give a message back when its lifetime is over."},
		{FlawRetriesLate, "Waits four times as long between attempts as it claims."},
		{FlawNeverRetries, "Gives a message back when the first attempt is deferred."},
		{FlawNoNotice, "Gives up without a notification."},
		{FlawVagueNotice, "Does not say in its notifications that TLS was the reason."},
	}
}
