package fakes

import (
	"crypto/tls"
	"time"

	"mailtls/results"
)

// Twins returns the broken twins of the reference models: each is honest but for
// one seeded defect, after which it is named, and claims what its honest twin
// claims. They show that a case can fail, and make peers for others' tests.
func Twins() []Model {
	var all []Model
	for _, part := range [][]Model{
		smtpTwins(), dialogueTwins(), contentTwins(), helloTwins(), recordTwins(), sessionTwins(), accessTwins(), localTwins(),
	} {
		all = append(all, part...)
	}
	return all
}

// smtpTwins are the twins of the first cases.
func smtpTwins() []Model {
	return []Model{
		twin("keyword-misplaced", "default", "Lists STARTTLS on the first line of its EHLO reply, where the greeting stands.", fault(Fault{
			At: results.StageHello, Phase: PhaseClear, Do: ActionRewrite, Text: "250-STARTTLS\r\n250 8BITMIME\r\n",
		})),
		twin("keyword-with-parameter", "default", "Lists STARTTLS with a parameter.", fault(Fault{
			At: results.StageHello, Phase: PhaseClear, Do: ActionRewrite, Text: "250-mx\r\n250-STARTTLS REQUIRED\r\n250 8BITMIME\r\n",
		})),
		twin("closes-on-starttls", "tls-off", "Has no TLS, and closes the connection when asked for it.", fault(Fault{
			At: results.StageStartTLS, Do: ActionFin,
		})),
		twin("argument-accepted", "default", "Takes a parameter after STARTTLS.", lenient(LenientArgument)),
		twin("speaks-before-hello", "default", "Speaks when a client is silent after the go-ahead.", fault(Fault{
			At: results.StageHandshake, When: Before, Do: ActionReply, Text: "421 4.4.2 still there?\r\n", Delay: 500 * time.Millisecond, IfSilent: true,
		})),
		twin("second-greeting", "default", "Greets again inside TLS when a client is silent there.", fault(Fault{
			At: results.StageHandshake, When: After, Do: ActionReply, Text: "220 mx ESMTP\r\n", Delay: 500 * time.Millisecond, IfSilent: true,
		})),
		twin("capabilities-kept", "default", "Lists STARTTLS inside TLS.", keep(KeepCapabilities)),
		twin("starttls-twice", "default", "Gives a go-ahead to STARTTLS inside TLS.", lenient(LenientDuplicateTLS)),
		twin("helo-kept", "default", "Carries the name given in clear into TLS.", keep(KeepHelo)),
		twin("helo-kept-late", "default", "Carries the name given in clear into TLS, and lets later mail overtake.", keep(KeepHelo), late(3*time.Second)),
		twin("envelope-kept", "default", "Carries sender and recipients given in clear into TLS.", keep(KeepEnvelope)),
		twin("buffer-kept", "default", "Runs inside TLS what came behind STARTTLS in clear.", keep(KeepBuffer)),
		twin("partial-line-kept", "default", "Joins an unfinished line in clear to the first line inside TLS.", lenient(LenientPartialLine)),
		twin("clear-for-handshake", "default", "Goes on in clear when no ClientHello comes.", lenient(LenientClearHandshake)),
		twin("clear-after-tls", "default", "Goes on in clear when TLS was closed.", lenient(LenientClearAfterTLS)),
		twin("stall-unbounded", "default", "Waits a minute for a silent client, and claims to wait less.", func(m *Model) { m.Receives.Idle = time.Minute }),
		twin("tls12-missing", "default", "Speaks TLS 1.3 only.", versions(tls.VersionTLS13, tls.VersionTLS13)),
		twin("tls13-missing", "default", "Speaks TLS 1.2 only.", versions(tls.VersionTLS12, tls.VersionTLS12)),
		twin("tls11-accepted", "default", "Takes TLS 1.1 and claims to be modern.", versions(tls.VersionTLS11, tls.VersionTLS13)),
		twin("tls10-accepted", "default", "Takes TLS 1.0 and claims to be modern.", versions(tls.VersionTLS10, tls.VersionTLS13)),
		twin("expired-certificate", "default", "Shows a certificate that has ended.", cert(CertExpired)),
		twin("unknown-issuer", "default", "Shows a certificate of a root that nobody trusts.", cert(CertUnknownCA)),
		twin("missing-intermediate", "default", "Leaves the intermediate certificate out.", cert(CertMissingIntermediate)),
		twin("drops-plain-mail", "default", "Takes plain mail with 250 and loses it.", func(m *Model) { m.LosesPlain = true }),
		twin("demands-tls", "default", "Refuses plain mail and claims to be a public MX.", func(m *Model) { m.Receives.Gates = []Gate{MustTLS()} }),
		twin("takes-plain-mail", "tls12-required", "Takes plain mail and claims to demand TLS.", func(m *Model) { m.Receives.Gates = nil }),
		twin("refuses-noop", "tls12-required", "Refuses NOOP in clear.", func(m *Model) {
			m.Receives.Gates[0].Except = []string{"EHLO", "STARTTLS", "QUIT"}
		}),
		twin("auth-listed-in-clear", "submission", "Lists AUTH in clear.", func(m *Model) {
			m.Submission.Clear, m.Submission.Gates = usualAuth(), []Gate{MustAuth()}
		}),
		twin("auth-taken-in-clear", "submission", "Takes AUTH in clear, without listing it.", func(m *Model) {
			m.Submission.Gates, m.Submission.Lenient = []Gate{MustAuth()}, []Lenient{LenientAuthInClear}
		}),
	}
}

// twin changes a reference model.
func twin(name, base, doc string, defects ...func(*Model)) Model {
	for _, m := range Models() {
		if m.Name != "reference/"+base {
			continue
		}
		for _, d := range defects {
			d(&m)
		}
		m.Name, m.Doc = "twin/"+name, doc
		if m.Receiving() {
			m.Receives.Name = name
		}
		return m
	}
	return Model{}
}

func fault(f Fault) func(*Model) {
	return func(m *Model) { m.Receives.Faults = append(m.Receives.Faults, f) }
}
func keep(k Keep) func(*Model) {
	return func(m *Model) { m.Receives.Keep = append(m.Receives.Keep, k) }
}
func lenient(l Lenient) func(*Model) {
	return func(m *Model) { m.Receives.Lenient = append(m.Receives.Lenient, l) }
}
func cert(c Cert) func(*Model) { return func(m *Model) { m.Receives.Cert = c } }
func late(d time.Duration) func(*Model) {
	return func(m *Model) { m.Late = d }
}

func versions(lowest, highest uint16) func(*Model) {
	return func(m *Model) { m.Receives.MinTLS, m.Receives.MaxTLS = lowest, highest }
}
