package scenarios_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/results"
	"mailtls/scenarios"
)

// last changes the handshake of the last connection.
func (s *seen) last(change func(v *results.Session, f *results.TLSFacts)) *seen {
	v := &s.Sessions[len(s.Sessions)-1]
	change(v, &v.TLS[len(v.TLS)-1])
	return s
}

// record adds a TLS record.
func record(v *results.Session, from results.Side, text string) {
	v.Events = append(v.Events, results.Event{At: v.EndAt, From: from, Kind: results.EventRecord, Text: text})
}

// version says what the last handshake agreed on.
func (s *seen) version(words string) *seen {
	return s.last(func(_ *results.Session, f *results.TLSFacts) { f.Version = words })
}

// sentInside is a connection whose message went inside TLS, broken one whose
// handshake did not come about.
var (
	sentInside = join(opened, asked, inside, secured)
	broken     = join(opened, asked, []string{"h"})
)

// later is a try in clear in a later attempt.
const later = 11

func floored(p results.SenderPolicy) results.SenderPolicy {
	p.Floor = "1.2"
	return p
}

// TestFloor: a floor keeps an old version out, also where that means clear text,
// and without one it is recorded what is done.
func TestFloor(t *testing.T) {
	const id = "version/tls10-only"
	waits := may(results.ReactClearLater, results.TriggerFailed)
	under(floored(waits)).visit(0, "tls10-only", broken...).visit(later, "tls10-only", join(opened, inClear)...).took(0).is(t, id, results.StatusInfo)
	under(floored(waits)).visit(0, "tls10-only", broken...).visit(0.1, "tls10-only", join(opened, inClear)...).took(0).is(t, id, results.StatusFail)
	under(floored(waits)).visit(0, "tls10-only", sentInside...).version("1.0").took(0).is(t, id, results.StatusFail)
	under(waits).visit(0, "tls10-only", sentInside...).version("1.0").took(0).is(t, id, results.StatusInfo)
	under(floored(must())).visit(0, "tls10-only", broken...).back(expiry, "").is(t, id, results.StatusPass)
	under(floored(must())).visit(0, "tls10-only", broken...).visit(later, "tls10-only", join(opened, inClear)...).took(0).is(t, id, results.StatusFail)
	under(floored(must())).visit(0, "tls10-only", sentInside...).version("1.0").back(expiry, "").is(t, id, results.StatusFail)
}

// TestOnlyVersion: a version that all have must be used.
func TestOnlyVersion(t *testing.T) {
	under(must()).visit(0, "tls12-only", sentInside...).version("1.2").took(0).is(t, "version/tls12-only", results.StatusPass)
	under(must()).visit(0, "tls12-only", broken...).back(expiry, "").is(t, "version/tls12-only", results.StatusFail)
	under(must()).visit(0, "tls13-only", broken...).back(expiry, "").is(t, "version/tls13-only", results.StatusInfo)
}

// TestRefusedChoice: what a peer chooses that it may not is refused, with the
// alert that is due.
func TestRefusedChoice(t *testing.T) {
	const id, peer = "version/downgrade-sentinel", "downgrade-sentinel"
	answered := func(alert uint8, records ...string) *seen {
		return under(must()).visit(0, peer, broken...).last(func(v *results.Session, f *results.TLSFacts) {
			f.Version, f.Suite, f.Hello.Versions = "1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", []string{"1.3", "1.2"}
			record(v, results.Client, "handshake client_hello v=1.0 len=300")
			record(v, results.Server, "handshake server_hello v=1.2 len=70")
			for _, r := range records {
				record(v, results.Client, r)
			}
			if alert > 0 {
				f.Alerts = []results.Alert{{From: results.Client, Fatal: true, Code: alert, Name: "x"}}
			}
		}).back(expiry, "")
	}
	answered(47, "alert v=1.2 len=2").is(t, id, results.StatusPass)
	answered(40, "alert v=1.2 len=2").is(t, id, results.StatusNonstrict)
	answered(0).is(t, id, results.StatusNonstrict)
	answered(0, "handshake client_key_exchange v=1.2 len=37").is(t, id, results.StatusFail)
	answered(47).last(func(_ *results.Session, f *results.TLSFacts) { f.Hello.Versions = []string{"1.2"} }).is(t, id, results.StatusNA)
	under(must()).visit(0, "rc4-only", broken...).back(expiry, "").is(t, "suite/rc4-only", results.StatusPass)
	under(must()).visit(0, "rc4-only", sentInside...).took(0).is(t, "suite/rc4-only", results.StatusFail)
}

// whole says that the body of the last message is the one that was submitted.
func (s *seen) whole() *seen {
	body := scenarios.SubmittedBody("canary0") + "\r\n"
	sum := sha256.Sum256([]byte(body))
	m := &s.Messages[len(s.Messages)-1]
	m.BodyLength, m.BodySHA256 = int64(len(body)), hex.EncodeToString(sum[:])
	return s
}

// message adds a handshake message inside TLS.
func message(from results.Side, name string) func(*results.Session, *results.TLSFacts) {
	return func(v *results.Session, _ *results.TLSFacts) {
		v.Events = append(v.Events, results.Event{At: v.EndAt, From: from, Kind: results.EventTLS, Secure: true, Text: name})
	}
}

// TestGetsAlong: the occasion must have been there, and the message whole.
func TestGetsAlong(t *testing.T) {
	again := func(_ *results.Session, f *results.TLSFacts) { f.Retry = "secp384r1" }
	sent := func(peer string) *seen { return under(must()).visit(0, peer, sentInside...).took(0) }
	sent("hello-retry-request").whole().last(again).isWith13(t, "uncommon/hello-retry-request", results.StatusPass)
	sent("hello-retry-request").last(again).isWith13(t, "uncommon/hello-retry-request", results.StatusFail)
	sent("hello-retry-request").whole().isWith13(t, "uncommon/hello-retry-request", results.StatusNA)
	asks, answers := message(results.Server, "key_update"), message(results.Client, "key_update")
	sent("key-update").whole().last(asks).last(answers).isWith13(t, "uncommon/key-update", results.StatusPass)
	sent("key-update").whole().last(asks).isWith13(t, "uncommon/key-update", results.StatusFail)
	sent("key-update").whole().isWith13(t, "uncommon/key-update", results.StatusNA)
}

// isWith13 is is for a sender that claims TLS 1.3.
func (s *seen) isWith13(t *testing.T, id string, want results.Status) {
	t.Helper()
	c, err := scenarios.Find(id)
	if err != nil {
		t.Fatal(err)
	}
	claims := results.Claims{Features: []results.Feature{results.FeatureTLS13}, Policies: []results.SenderPolicy{s.policy}}
	if v := scenarios.Decide(c, s.Transcript, claims); v.Status != want {
		t.Errorf("%s is %s (%s; want %s, got %s), want %s", id, v.Status, v.Reason, v.Want, v.Got, want)
	}
}

func TestHelloRequest(t *testing.T) {
	const id, peer = "uncommon/hello-request-in-data", "hello-request-in-data"
	wish := message(results.Server, "hello_request")
	under(must()).visit(0, peer, sentInside...).last(wish).took(0).whole().is(t, id, results.StatusPass)
	under(must()).visit(0, peer, sentInside...).last(wish).took(0).is(t, id, results.StatusFail)
	under(must()).visit(0, peer, sentInside...).took(0).whole().is(t, id, results.StatusInconclusive)
	under(must()).visit(0, peer, join(opened, asked, inside)...).last(wish).back(expiry, "").is(t, id, results.StatusPass)
	under(may(results.ReactDefer)).visit(0, peer, join(opened, asked, inside)...).last(wish).
		visit(later, peer, join(opened, inClear)...).took(0).is(t, id, results.StatusInfo)
}

// TestClientHello looks at what was offered.
func TestClientHello(t *testing.T) {
	hello := func(change func(h *results.ClientHello)) *seen {
		return under(floored(must())).visit(0, "opportunistic", sentInside...).
			last(func(_ *results.Session, f *results.TLSFacts) { change(f.Hello) }).took(0)
	}
	named := func(name string) *seen { return hello(func(h *results.ClientHello) { h.SNI = name }) }
	named("").is(t, "client-hello/address-as-name", results.StatusPass)
	named("mx.test").is(t, "client-hello/address-as-name", results.StatusPass)
	for _, address := range []string{"127.0.0.1", "127.0.0.1.", "[127.0.0.1]", "::1"} {
		named(address).is(t, "client-hello/address-as-name", results.StatusFail)
	}
	under(must()).back(time.Second, "").is(t, "client-hello/address-as-name", results.StatusNA)
	offers := func(versions ...string) *seen {
		return hello(func(h *results.ClientHello) { h.Versions = versions })
	}
	offers("1.3", "1.2").is(t, "client-hello/old-versions", results.StatusPass)
	offers("1.2", "1.1").is(t, "client-hello/old-versions", results.StatusFail)
	offers("1.2", "ssl3").is(t, "client-hello/old-versions", results.StatusFail)
	offers("1.2").is(t, "client-hello/extended-master-secret", results.StatusFail)
	offers("1.3").is(t, "client-hello/extended-master-secret", results.StatusNA)
	suite := func(name string) *seen { return hello(func(h *results.ClientHello) { h.Suites = []string{name} }) }
	suite("TLS_AES_128_GCM_SHA256").is(t, "client-hello/weak-suites", results.StatusPass)
	suite("TLS_RSA_WITH_RC4_128_SHA").is(t, "client-hello/weak-suites", results.StatusFail)
}

func verifying(v results.Verify) results.SenderPolicy {
	return results.SenderPolicy{Level: results.LevelMandatory, Verify: v}
}

// to addresses the message, and names the hosts.
func (s *seen) to(domain, host string) *seen {
	s.Submissions[0].Recipient = "canary0@" + domain
	for i := range s.Sessions {
		s.Sessions[i].Host = host
	}
	return s
}

// TestTrust: a certificate is taken by those who do not look, and by those who do
// where it holds for what they ask.
func TestTrust(t *testing.T) {
	const domain, host, other = "case.test", "mx1.case.test", "mx.other.test"
	sent := func(p results.SenderPolicy, kind fakes.Cert, host string) *seen {
		return under(p).visit(0, string(kind), sentInside...).took(0).to(domain, host)
	}
	kept := func(p results.SenderPolicy, kind fakes.Cert) *seen {
		return under(p).visit(0, string(kind), broken...).back(expiry, "").to(domain, host)
	}
	anybody := may(results.ReactClearLater, results.TriggerFailed)
	for _, tt := range []struct {
		name string
		seen *seen
		id   string
		want results.Status
	}{
		{"nobody looks", sent(anybody, "wrong-name", host), "wrong-name", results.StatusPass},
		{"nobody looks, and it is refused", kept(must(), "wrong-name"), "wrong-name", results.StatusFail},
		{"nobody looks, and it goes in clear", under(anybody).visit(0, "wrong-name", broken...).
			visit(later, "wrong-name", join(opened, inClear)...).took(0).to(domain, host), "wrong-name", results.StatusFail},
		{"a wrong name, refused", kept(verifying(results.VerifyMXName), "wrong-name"), "wrong-name", results.StatusPass},
		{"a wrong name, taken", sent(verifying(results.VerifyMXName), "wrong-name", host), "wrong-name", results.StatusFail},
		{"a wrong name, and the chain counts", sent(verifying(results.VerifyChain), "wrong-name", host), "wrong-name", results.StatusPass},
		{"a wildcard", sent(verifying(results.VerifyMXName), "wildcard", host), "wildcard", results.StatusPass},
		{"a wildcard, refused", kept(verifying(results.VerifyMXName), "wildcard"), "wildcard", results.StatusFail},
		{"a host below the domain", sent(verifying(results.VerifyNextHop), "wildcard", host), "wildcard", results.StatusInfo},
		{"a host elsewhere", sent(verifying(results.VerifyNextHop), "wildcard", other), "wildcard", results.StatusFail},
		{"the domain's name, asked for", sent(verifying(results.VerifyNextHop), "next-hop-name", other), "next-hop-name", results.StatusPass},
		{"the domain's name, not asked for", sent(verifying(results.VerifyMXName), "next-hop-name", host), "next-hop-name", results.StatusFail},
		{"a short key, taken", sent(verifying(results.VerifyMXName), "rsa-1024", host), "rsa-1024", results.StatusFail},
		{"a short key, refused", kept(verifying(results.VerifyMXName), "rsa-1024"), "rsa-1024", results.StatusPass},
		{"a short key that nobody looks at", sent(must(), "rsa-1024", host), "rsa-1024", results.StatusInfo},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.seen.is(t, "certificate/"+tt.id, tt.want) })
	}
}
