package scenarios_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"testing"
	"time"

	"mailtls/results"
	"mailtls/scenarios"
)

// change is what is done to a transcript before it is judged again.
type change func(*results.Transcript)

// rejudged is a golden transcript, what is changed in it, and the verdict then.
type rejudged struct {
	name, id, suffix string
	want             results.Status
	changes          []change
}

const (
	pass, nonstrict = results.StatusPass, results.StatusNonstrict
	failed, open    = results.StatusFail, results.StatusInconclusive
)

// TestVerdictsOfChangedTranscripts has targets say something else than they did.
func TestVerdictsOfChangedTranscripts(t *testing.T) {
	claims := goldenClaims(t)
	for _, tc := range slices.Concat(changedInjection(), changedClients(), changedTLS(t), changedReplies()) {
		t.Run(tc.name, func(t *testing.T) {
			c, err := scenarios.Find(tc.id)
			if err != nil {
				t.Fatal(err)
			}
			name := scenarios.DNSLabel(tc.id) + "." + tc.suffix + results.TranscriptExt
			tr := golden(t, name)
			for _, do := range tc.changes {
				do(tr)
			}
			if v := scenarios.Decide(c, tr, claims[name]); v.Status != tc.want {
				t.Errorf("the verdict is %s (%s, got %q), want %s", v.Status, v.Reason, v.Got, tc.want)
			}
		})
	}
}

func changedInjection() []rejudged {
	const hidden = "smuggling/lf-dot-lf/clear"
	return []rejudged{
		{"MAIL ran behind the message", hidden, "pass", failed, all(says("", "body", "250 ok\r\n250 ok\r\n503 no\r\n"))},
		{"what ran was refused", hidden, "pass", nonstrict, all(says("", "body", "250 ok\r\n503 no\r\n"))},
		{"what ran was put off", hidden, "pass", open, all(says("", "body", "250 ok\r\n503 no\r\n454 later\r\n"))},
		{"closed at FAKE", "injection/same-segment", "pass", nonstrict, all(ends("", "fake", results.EndEOF))},
		{"silent at FAKE", "injection/same-segment", "pass", open, all(ends("", "fake", results.EndTimeout))},
		{"closed at EHLO", "injection/partial-line", "pass", nonstrict, all(ends("", "ehlo-tls", results.EndReset))},
		{"silent at EHLO", "injection/partial-line", "pass", open, all(ends("", "ehlo-tls", results.EndTimeout))},
		{"closed before the hello", "handshake/speaks-first", "pass", nonstrict, all(ends("", "silence", results.EndEOF))},
		{"closed at MAIL", "policy/plain-mail-taken", "pass", nonstrict, all(ends("", "mail", results.EndEOF))},
		{"silent at MAIL", "policy/plain-mail-taken", "pass", open, all(ends("", "mail", results.EndTimeout))},
		{"MAIL put off", "policy/plain-mail-taken", "pass", open, all(says("", "mail", "454 later\r\n"))},
		{"the victim cannot log in", "injection/victim-captured", "pass", open, all(says("", "auth", "535 no\r\n"))},
		{"two replies to the victim's EHLO", "injection/victim-captured", "pass", failed, all(says("", "ehlo-tls", "250 mx\r\n250 ok\r\n"))},
	}
}

func changedClients() []rejudged {
	const bad = "mtls/bad-certificate/expired"
	return []rejudged{
		{"no certificate went out", bad, "pass", open, all(handshake("", func(f *results.TLSFacts) { f.ClientChain = nil }))},
		{"the handshake hung", bad, "fail", open, all(handshake("", unfinished), ends("", "ehlo-tls", results.EndTimeout))},
		{"none was asked for", "mtls/no-certificate", "pass", open, all(handshake("", func(f *results.TLSFacts) { f.Requested = false }))},
		{"one was asked for", "mtls/no-certificate", "fail", failed, all(handshake("", func(f *results.TLSFacts) { f.Requested = true }))},
	}
}

func changedTLS(t *testing.T) []rejudged {
	t.Helper()
	return []rejudged{
		{"nothing is refused anyway", "resumption/state-kept", "pass", results.StatusNA, slices.Concat(serves("fresh"), serves("resumed"))},
		{"no handshake, no tickets", "resumption/other-name/tls12", "pass", nonstrict,
			all(handshake("resumed", func(f *results.TLSFacts) { f.Resumed = false }), handshake("other", unfinished))},
		{"silent without a login", "auth/user-kept", "pass", open, all(ends("control", "mail", results.EndTimeout))},
		{"no TLS for the exchange", "auth/starttls-in-exchange", "pass", open, all(handshake("tls", unfinished))},
		{"an old root is shown", "certificate/chain-broken", "pass", pass, all(handshake("", with(outdated(t))))},
		{"an old root, and no chain", "certificate/chain-broken", "pass", failed,
			all(handshake("", with(outdated(t))), handshake("", func(f *results.TLSFacts) { f.Verify = "x509: no" }))},
	}
}

func changedReplies() []rejudged {
	const batch = "content/pipelined-batch-lost"
	return []rejudged{
		{"RCPT refused in a group", batch, "pass", open, all(says("one-record", "batch", "250 ok\r\n550 no\r\n503 no\r\n"))},
		{"RCPT out of order in a group", batch, "pass", failed, all(says("one-record", "batch", "250 ok\r\n503 no\r\n503 no\r\n"))},
		{"unwanted content", "content/chunks-altered", "pass", open, all(says("", "last-chunk", "554 5.7.1 no\r\n"))},
		{"BDAT not known", "content/chunks-altered", "pass", failed, all(says("", "last-chunk", "500 what\r\n"))},
		{"EHLO refused inside TLS", "auth/listed-in-clear", "pass", open, all(says("", "ehlo-tls", "502 no\r\n"))},
		{"AUTH put off", "auth/accepted-in-clear", "pass", open, all(says("plain", "auth", "454 later\r\n"))},
		{"silent at AUTH", "auth/accepted-in-clear", "pass", open, all(ends("login", "auth", results.EndTimeout))},
		{"closed at AUTH", "auth/accepted-in-clear", "pass", nonstrict, all(ends("login", "auth", results.EndEOF))},
		{"STARTTLS not known", "offer/broken-certificate", "pass", nonstrict, all(says("go-on", "starttls", "502 no\r\n"))},
	}
}

func TestOnlyOldTargetsMayLackNewTLS(t *testing.T) {
	for id, want := range map[string]results.Level{"version/tls12-missing": results.Must, "version/tls13-missing": results.Should} {
		c, err := scenarios.Find(id)
		if err != nil {
			t.Fatal(err)
		}
		features := []results.Feature{results.FeatureStartTLS, results.FeatureLegacyMX}
		if level := c.Level(results.Claims{Features: features}, ""); level != want {
			t.Errorf("%s is %s for a target that keeps old peers, want %s", id, level, want)
		}
		features = append(features, results.FeatureLegacyOnly)
		if level := c.Level(results.Claims{Features: features}, ""); level != results.Info {
			t.Errorf("%s is %s for a target that has nothing newer", id, level)
		}
	}
}

func all(changes ...change) []change { return changes }

// says puts other words in the target's mouth under a mark.
func says(dialogue, mark, text string) change {
	return func(t *results.Transcript) {
		for i := range t.Sessions {
			s := &t.Sessions[i]
			if s.Leg != results.LegProbe || s.Peer != scenarios.PeerName(dialogue) {
				continue
			}
			words := []byte(text)
			for j := range s.Events {
				if e := &s.Events[j]; e.Mark == mark && e.From == results.Server && e.Kind == results.EventData {
					e.Bytes, words = words, nil
				}
			}
		}
	}
}

// ends has a session end before the target's first word under a mark.
func ends(dialogue, mark string, end results.SessionEnd) change {
	return func(t *results.Transcript) {
		for i := range t.Sessions {
			s := &t.Sessions[i]
			if s.Leg != results.LegProbe || s.Peer != scenarios.PeerName(dialogue) {
				continue
			}
			s.End = end
			cut := slices.IndexFunc(s.Events, func(e results.Event) bool {
				return e.Mark == mark && e.From == results.Server && e.Kind == results.EventData
			})
			if cut >= 0 {
				s.Events = s.Events[:cut]
			}
		}
	}
}

// serves has a session served whatever it presumes.
func serves(dialogue string) []change {
	return all(says(dialogue, "early", "250 ok\r\n"), says(dialogue, "mail", "250 ok\r\n"), says(dialogue, "rcpt", "250 ok\r\n"))
}

// handshake changes what is known of a dialogue's handshake.
func handshake(dialogue string, do func(*results.TLSFacts)) change {
	return func(t *results.Transcript) {
		for i, s := range t.Sessions {
			if s.Leg == results.LegProbe && s.Peer == scenarios.PeerName(dialogue) && len(s.TLS) > 0 {
				do(&t.Sessions[i].TLS[0])
			}
		}
	}
}

func unfinished(f *results.TLSFacts) { f.Complete, f.Resumed, f.Error = false, false, "i/o timeout" }

// with adds a certificate to the end of the chain.
func with(der []byte) func(*results.TLSFacts) {
	return func(f *results.TLSFacts) { f.Chain = append(f.Chain, der) }
}

// outdated is a root that is good no more.
func outdated(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "old root"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2011, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
