package scenarios_test

import (
	"fmt"
	"slices"
	"strings"

	"mailtls/harness"
	"mailtls/results"
)

// telling is what is known beforehand of a sender before some receivers: written
// by hand from what is documented, and never taken from a run.
type telling struct {
	sender string
	code   results.FateCode
	// receivers, separated by spaces.
	receivers string
	// because is why, in words.
	because string
	// says is a part of the answer, where the code alone does not tell.
	says string
	// asked is the administrator's question that the first of the receivers answers.
	asked string
}

// The questions of administrators.
const (
	whatIsOpportunistic = "What is opportunistic TLS?"
	exchange2010Default = "Does Exchange 2010 use TLS by default?"
	exchange2010Old     = "What happens when a peer with TLS 1.2 only and Exchange 2010 meet?"
	iisOutbound         = "How do I enable outbound TLS on an IIS 6.0 SMTP virtual server?"
	onlineOpportunistic = "Does Exchange Online use opportunistic TLS?"
	onlineRefusesOld    = "What does Exchange Online do with a sender that has no TLS 1.2?"
	onpremReceives      = "What does opportunistic TLS mean for an Exchange Server that receives?"
	onlineMeetsOld      = "What happens if Exchange Online meets a receiver without TLS 1.2?"
	forcedByConnector   = "How is TLS forced from on-premises Exchange to a partner?"
)

// Groups of receivers that are the same for most senders.
const (
	noTLS        = "iis6-smtp tls-disabled"
	refusing     = "starttls-454 starttls-554"
	noHandshake  = "alert-after-220 reset-after-220 fin-after-220 silent-after-220"
	old          = "exchange-2010 tls10-only self-signed-tls10"
	oldEnforcing = "exchange-2010/inbound-enforcing enforcing-tls10-only"
	modern       = "exchange-online exchange-online/inbound-enforcing tls12-required enforcing"
	upTo12       = "exchange-2010/tls12 exchange-onprem"
	badHost      = "self-signed wrong-name next-hop-name"
)

// theStory is every sender before every receiver.
func theStory() []telling {
	return slices.Concat(exchange2010Story(), onpremStory(), onpremConnectorStory(), onlineStory(), onlineConnectorStory(), iisStory(), classesStory())
}

func exchange2010Story() []telling {
	const s, newer = "exchange-2010", "exchange-2010/tls12"
	return []telling{
		{sender: s, code: results.FateTLS10, receivers: "exchange-2010/tls12 enforcing " + old + " " + oldEnforcing, asked: exchange2010Default,
			because: "TLS is on by default, and 1.0 is the newest it knows"},
		{sender: s, code: results.FatePlainSame, receivers: noTLS + " " + refusing, because: "where there is no TLS it goes on in clear"},
		{sender: s, code: results.FatePlainNew, receivers: "exchange-online", says: "protocol_version(70) from the receiver", asked: onlineRefusesOld,
			because: "the handshake is refused, and the same sender is taken in clear afterwards"},
		{sender: s, code: results.FatePlainNew, receivers: "exchange-onprem tls11-only fin-at-mail " + badHost, says: "protocol_version(70) from the receiver", asked: exchange2010Old,
			because: "there is no version in common"},
		{sender: s, code: results.FatePlainNew, receivers: noHandshake + " fin-at-mail-tls10", because: "TLS comes to nothing"},
		{sender: s, code: results.FateBounced, receivers: "tls12-required exchange-online/inbound-enforcing enforcing-without-tls", says: "530 5.7.0",
			because: "in clear it is refused for good"},

		{sender: newer, code: results.FateTLS10, receivers: old + " " + oldEnforcing, because: "1.0 is what the other side knows"},
		{sender: newer, code: results.FateTLS11, receivers: "tls11-only", because: "1.1 is what the other side knows"},
		{sender: newer, code: results.FateTLS12, receivers: upTo12 + " " + modern + " " + badHost, asked: exchange2010Default,
			because: "with the update and the switch there is TLS 1.2, whatever the certificate"},
		{sender: newer, code: results.FatePlainSame, receivers: noTLS + " " + refusing, because: "where there is no TLS it goes on in clear"},
		{sender: newer, code: results.FatePlainNew, receivers: noHandshake + " fin-at-mail fin-at-mail-tls10", because: "TLS comes to nothing"},
		{sender: newer, code: results.FateBounced, receivers: "enforcing-without-tls", says: "530 5.7.0", because: "in clear it is refused for good"},
	}
}

func onpremStory() []telling {
	const s = "exchange-onprem"
	return []telling{
		{sender: s, code: results.FateTLS12, receivers: upTo12 + " " + modern + " " + badHost, because: "TLS is tried with everybody, whatever the certificate"},
		{sender: s, code: results.FatePlainSame, receivers: noTLS + " " + refusing, because: "where there is no TLS it goes on in clear"},
		{sender: s, code: results.FatePlainNew, receivers: old + " tls11-only fin-at-mail-tls10", says: "protocol_version(70)", because: "there is no version in common"},
		{sender: s, code: results.FatePlainNew, receivers: noHandshake + " fin-at-mail", because: "TLS comes to nothing"},
		{sender: s, code: results.FateBounced, receivers: "enforcing-without-tls " + oldEnforcing, says: "530 5.7.0", because: "in clear it is refused for good"},
	}
}

func onpremConnectorStory() []telling {
	const ignoring, encryption, certificate, domain = "exchange-onprem/connector-ignore-starttls", "exchange-onprem/connector-encryption",
		"exchange-onprem/connector-certificate", "exchange-onprem/connector-domain"
	const withoutTLS = noTLS + " enforcing-without-tls " + refusing
	const tooOld = old + " " + oldEnforcing + " tls11-only fin-at-mail-tls10"
	const failing = noHandshake + " fin-at-mail"
	return []telling{
		{sender: ignoring, code: results.FatePlain, receivers: "exchange-2010/tls12 exchange-onprem exchange-online tls11-only fin-at-mail fin-at-mail-tls10 " + old + " " + noTLS + " " +
			refusing + " " + noHandshake + " " + badHost, because: "IgnoreSTARTTLS tries no TLS, be it offered or not"},
		{sender: ignoring, code: results.FateBounced, receivers: "tls12-required enforcing enforcing-without-tls exchange-online/inbound-enforcing " + oldEnforcing,
			says: "530 5.7.0", because: "in clear it is refused for good"},

		{sender: encryption, code: results.FateTLS12, receivers: upTo12 + " " + modern + " " + badHost, because: "EncryptionOnly takes any certificate"},
		{sender: encryption, code: results.FateDeferred, receivers: withoutTLS, asked: forcedByConnector, because: "RequireTLS sends nothing in clear: it waits"},
		{sender: encryption, code: results.FateDeferred, receivers: tooOld, says: "protocol_version(70)", because: "RequireTLS sends nothing in clear: it waits"},
		{sender: encryption, code: results.FateDeferred, receivers: failing, because: "RequireTLS sends nothing in clear: it waits"},

		{sender: certificate, code: results.FateTLS12, receivers: "wrong-name next-hop-name " + upTo12 + " " + modern, because: "CertificateValidation looks at the chain, and at no name"},
		{sender: certificate, code: results.FateDeferred, receivers: "self-signed", says: "450 4.7.320", asked: forcedByConnector, because: "the chain does not hold"},
		{sender: certificate, code: results.FateDeferred, receivers: tooOld, says: "protocol_version(70)", because: "RequireTLS sends nothing in clear: it waits"},
		{sender: certificate, code: results.FateDeferred, receivers: withoutTLS + " " + failing, because: "RequireTLS sends nothing in clear: it waits"},

		{sender: domain, code: results.FateTLS12, receivers: "next-hop-name", asked: forcedByConnector,
			because: "DomainValidation without TlsDomain wants a certificate for the recipient's domain"},
		{sender: domain, code: results.FateDeferred, receivers: "wrong-name self-signed " + upTo12 + " " + modern, says: "450 4.7.320", asked: forcedByConnector,
			because: "the certificate is not for the recipient's domain"},
		{sender: domain, code: results.FateDeferred, receivers: tooOld, says: "protocol_version(70)", because: "RequireTLS sends nothing in clear: it waits"},
		{sender: domain, code: results.FateDeferred, receivers: withoutTLS + " " + failing, because: "RequireTLS sends nothing in clear: it waits"},
	}
}

func onlineStory() []telling {
	const s = "exchange-online"
	return []telling{
		{sender: s, code: results.FateTLS13, receivers: modern + " " + badHost, asked: onlineOpportunistic, because: "TLS is tried with everybody, whatever the certificate"},
		{sender: s, code: results.FateTLS12, receivers: "exchange-onprem exchange-2010/tls12", asked: onpremReceives, because: "the receive connector offers STARTTLS"},
		{sender: s, code: results.FatePlainSame, receivers: "tls-disabled", says: "TLS is not offered", asked: onlineMeetsOld, because: "it does not enforce TLS"},
		{sender: s, code: results.FatePlainSame, receivers: "iis6-smtp " + refusing, because: "where there is no TLS it goes on in clear"},
		{sender: s, code: results.FatePlainNew, receivers: "tls10-only", says: "protocol_version(70)", asked: onlineMeetsOld, because: "it does not enforce TLS"},
		{sender: s, code: results.FatePlainNew, receivers: "exchange-2010 tls11-only self-signed-tls10", says: "protocol_version(70)", asked: exchange2010Old, because: "there is no version in common"},
		{sender: s, code: results.FatePlainNew, receivers: noHandshake + " fin-at-mail fin-at-mail-tls10", because: "TLS comes to nothing"},
		{sender: s, code: results.FateBounced, receivers: "enforcing-tls10-only exchange-2010/inbound-enforcing", says: "530 5.7.0", asked: onlineMeetsOld,
			because: "it enforces TLS: the handshake fails, and in clear it is refused"},
		{sender: s, code: results.FateBounced, receivers: "enforcing-without-tls", says: "530 5.7.0", asked: onlineMeetsOld, because: "it enforces TLS, and has none"},
	}
}

func onlineConnectorStory() []telling {
	const forced, certificate, domain = "exchange-online/connector-forced", "exchange-online/connector-certificate", "exchange-online/connector-domain"
	const never = noTLS + " enforcing-without-tls " + refusing + " " + noHandshake + " fin-at-mail"
	const tooOld = old + " " + oldEnforcing + " tls11-only fin-at-mail-tls10"
	return []telling{
		{sender: forced, code: results.FateTLS13, receivers: modern + " " + badHost, because: "any certificate will do"},
		{sender: forced, code: results.FateTLS12, receivers: upTo12, because: "any certificate will do"},
		{sender: forced, code: results.FateDeferred, receivers: never, asked: forcedByConnector, because: "nothing goes in clear: it waits"},
		{sender: forced, code: results.FateDeferred, receivers: tooOld, says: "protocol_version(70)", because: "nothing goes in clear: it waits"},

		{sender: certificate, code: results.FateTLS13, receivers: "wrong-name next-hop-name " + modern, because: "CertificateValidation looks at the chain, and at no name"},
		{sender: certificate, code: results.FateTLS12, receivers: upTo12, because: "the chain holds"},
		{sender: certificate, code: results.FateDeferred, receivers: "self-signed", says: "450 4.7.320", because: "the chain does not hold"},
		{sender: certificate, code: results.FateDeferred, receivers: never, because: "nothing goes in clear: it waits"},
		{sender: certificate, code: results.FateDeferred, receivers: tooOld, says: "protocol_version(70)", because: "nothing goes in clear: it waits"},

		{sender: domain, code: results.FateTLS13, receivers: modern, because: "the host's name fits TlsDomain"},
		{sender: domain, code: results.FateTLS12, receivers: upTo12, because: "the host's name fits TlsDomain"},
		{sender: domain, code: results.FateDeferred, receivers: badHost, says: "450 4.7.320", asked: forcedByConnector,
			because: "the chain does not hold, or the certificate is for something else than TlsDomain"},
		{sender: domain, code: results.FateDeferred, receivers: never, because: "nothing goes in clear: it waits"},
		{sender: domain, code: results.FateDeferred, receivers: tooOld, says: "protocol_version(70)", because: "nothing goes in clear: it waits"},
	}
}

func iisStory() []telling {
	const s, boxed = "iis6-smtp", "iis6-smtp/tls"
	return []telling{
		{sender: s, code: results.FatePlain, receivers: "exchange-online exchange-2010/tls12 exchange-onprem tls11-only fin-at-mail fin-at-mail-tls10 " + old + " " + noTLS + " " +
			refusing + " " + noHandshake + " " + badHost, asked: iisOutbound, because: "the box is not checked: no TLS is tried"},
		{sender: s, code: results.FateBounced, receivers: "tls12-required enforcing enforcing-without-tls exchange-online/inbound-enforcing " + oldEnforcing,
			says: "530 5.7.0", because: "in clear it is refused for good"},

		{sender: boxed, code: results.FateTLS10, receivers: "exchange-2010 tls10-only self-signed-tls10 exchange-2010/tls12 enforcing " + oldEnforcing, asked: iisOutbound,
			because: "with the box checked mail goes inside TLS, 1.0 at most"},
		{sender: boxed, code: results.FateDeferred, receivers: "tls-disabled iis6-smtp enforcing-without-tls " + refusing, asked: iisOutbound, because: "a peer without TLS gets nothing"},
		{sender: boxed, code: results.FateDeferred, receivers: "exchange-online exchange-onprem exchange-online/inbound-enforcing tls11-only tls12-required fin-at-mail " + badHost,
			says: "protocol_version(70)", because: "there is no version in common"},
		{sender: boxed, code: results.FateDeferred, receivers: noHandshake + " fin-at-mail-tls10", because: "TLS comes to nothing"},
	}
}

// classesStory are senders that the administrators do not ask about: all alike but
// for what comes of a failed handshake.
func classesStory() []telling {
	var all []telling
	for _, c := range []struct{ sender, later, anew, waits string }{
		{sender: "postfix-may", later: noHandshake + " fin-at-mail fin-at-mail-tls10"},
		{sender: "exim-may", anew: noHandshake + " fin-at-mail fin-at-mail-tls10"},
		{sender: "opensmtpd", anew: "alert-after-220 reset-after-220", waits: "fin-after-220 silent-after-220 fin-at-mail fin-at-mail-tls10"},
		{sender: "sendmail", waits: noHandshake + " fin-at-mail fin-at-mail-tls10"},
	} {
		all = append(all,
			telling{sender: c.sender, code: results.FateTLS10, receivers: old + " " + oldEnforcing, because: "its floor is TLS 1.0"},
			telling{sender: c.sender, code: results.FateTLS11, receivers: "tls11-only", because: "1.1 is what the other side knows"},
			telling{sender: c.sender, code: results.FateTLS12, receivers: upTo12, because: "TLS is tried with everybody"},
			telling{sender: c.sender, code: results.FateTLS13, receivers: modern + " " + badHost, because: "TLS is tried with everybody, whatever the certificate"},
			telling{sender: c.sender, code: results.FatePlainSame, receivers: noTLS + " " + refusing, because: "where there is no TLS it goes on in clear"},
			telling{sender: c.sender, code: results.FatePlainLater, receivers: c.later, because: "TLS comes to nothing"},
			telling{sender: c.sender, code: results.FatePlainNew, receivers: c.anew, because: "TLS comes to nothing"},
			telling{sender: c.sender, code: results.FateDeferred, receivers: c.waits, because: "once TLS has begun it never goes in clear"},
			telling{sender: c.sender, code: results.FateBounced, receivers: "enforcing-without-tls", says: "530 5.7.0", because: "in clear it is refused for good"},
		)
	}
	return all
}

// cells are the single pairs of what is told.
func cells(all []telling) map[[2]string][]telling {
	told := map[[2]string][]telling{}
	for _, t := range all {
		for _, r := range strings.Fields(t.receivers) {
			told[[2]string{t.sender, r}] = append(told[[2]string{t.sender, r}], t)
		}
	}
	return told
}

// differs says how what came of a meeting is not what was told; empty when it is.
func (t telling) differs(c harness.Met) string {
	if c.Code != t.code || !strings.Contains(c.Sentence, t.says) {
		return fmt.Sprintf("want %s with %q, because %s; got %s: %s", t.code, t.says, t.because, c.Code, c.Sentence)
	}
	return ""
}
