package sender_test

import (
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/sender"
	"mailtls/results"
)

// flawRow is a way to see a flaw, which an honest sender does not show.
type flawRow struct {
	flaw          fakes.Flaw
	policy, peers string
	shows         func(*world) bool
}

// openly matches what was said to the first peer in clear, inside what was said
// inside TLS, ends what became of the message.
func openly(pattern string) func(*world) bool {
	return func(w *world) bool { return matches(pattern, w.peers[0].said(false)) }
}
func inside(pattern string) func(*world) bool {
	return func(w *world) bool { return matches(pattern, w.peers[0].said(true)) }
}
func ends(pattern string) func(*world) bool {
	return func(w *world) bool { return matches(pattern, w.outcome()) }
}

func matches(pattern, text string) bool {
	return regexp.MustCompile("(?s)" + pattern).MatchString(text)
}

// flawRows are those that show with one message.
func flawRows() []flawRow {
	return slices.Concat(dialogueRows(), fallbackRows(), tlsRows(), queueRows())
}

func dialogueRows() []flawRow {
	const inClear = "^clear(-same)? "
	return []flawRow{
		{fakes.FlawAnyGreeting, "may", "greeting-554", openly("EHLO")},
		{fakes.FlawLaxCodes, "may", "ehlo-354", openly("MAIL")},
		{fakes.FlawHeloInClear, "encrypt", "ehlo-502", ends(inClear)},
		{fakes.FlawNeverUpgrades, "encrypt", "opportunistic", ends(inClear)},
		{fakes.FlawCaseSensitiveKeyword, "may", "starttls-lower-case", ends(inClear)},
		{fakes.FlawGreetingKeyword, "may", "keyword-on-greeting-line", openly("STARTTLS")},
		{fakes.FlawStartTLSArgument, "may", "opportunistic", openly("STARTTLS smtp\r\n")},
		{fakes.FlawPipelinesBehind, "may", "opportunistic", openly("STARTTLS\r\nEHLO")},
		{fakes.FlawStartsEarly, "encrypt", "split-220", ends("^dsn")},
		{fakes.FlawLoopsStartTLS, "may", "starttls-530", openly("STARTTLS\r\nSTARTTLS\r\nSTARTTLS")},
		{fakes.FlawStartTLSAgain, "may", "starttls-inside-tls", inside("STARTTLS")},
		{fakes.FlawNoEhloAfterTLS, "may", "opportunistic", inside("^MAIL")},
		{fakes.FlawTakes354, "encrypt", "starttls-354", openly("canary-body")},
		{fakes.FlawKeepCapabilities, "encrypt-creds", "auth-before-tls-only", inside("AUTH")},
		{fakes.FlawInjectedReply, "encrypt-creds", "injection-whole-line", inside("AUTH")},
		{fakes.FlawPartialLine, "encrypt", "injection-partial-line", inside("^EHLO")},
		{fakes.FlawAuthInClear, "may-creds", "auth-before-tls-only", openly("AUTH")},
	}
}

func fallbackRows() []flawRow {
	return []flawRow{
		{fakes.FlawFallsBack, "encrypt", "alert-after-220", ends(`^clear \(2\)`)},
		{fakes.FlawClearSame, "encrypt", "garbage-after-220", openly("STARTTLS.*MAIL")},
		{fakes.FlawParsesAfter220, "encrypt", "cleartext-454-after-220", openly("STARTTLS.*MAIL")},
		{fakes.FlawClearAt421, "may", "starttls-421", ends(`^clear \(2\)`)},
		{fakes.FlawClearAfterTLSSuccess, "encrypt", "fin-at-final-dot", ends("clear")},
	}
}

func tlsRows() []flawRow {
	return []flawRow{
		{fakes.FlawIgnoresFloor, "encrypt-tls12", "tls10-only", ends("^1.0")},
		{fakes.FlawTLS12Missing, "encrypt", "tls12-only", ends("^dsn")},
		{fakes.FlawOffersRC4, "encrypt-tls12", "rc4-only", ends("^1.2")},
		{fakes.FlawAnyName, "verify", "wrong-name", ends("^1.3")},
		{fakes.FlawAnyIssuer, "verify", "unknown-ca", ends("^1.3")},
		{fakes.FlawAnyDate, "verify", "expired", ends("^1.3")},
		{fakes.FlawAnyUsage, "verify", "client-certificate", ends("^1.3")},
		{fakes.FlawCommonName, "verify", "cn-only", ends("^1.3")},
		{fakes.FlawWildcardDeep, "verify", "wildcard-deep", ends("^1.3")},
		{fakes.FlawWildcardPartial, "verify", "wildcard-partial", ends("^1.3")},
		{fakes.FlawSNIAddress, "may", "opportunistic", func(w *world) bool { return w.peers[0].hello().SNI == "127.0.0.1" }},
	}
}

func queueRows() []flawRow {
	return []flawRow{
		{fakes.FlawLoses, "encrypt", "tls-disabled", ends(`^ \(1\)`)},
		{fakes.FlawTwice, "encrypt", "opportunistic", ends(`^1.3, 1.3 \(2\)`)},
		{fakes.FlawOnlyFirstMX, "encrypt", "tls-disabled opportunistic", ends("^dsn")},
		{fakes.FlawBounces454, "encrypt", "starttls-454", ends(`^dsn 5.7.0 \(1\)`)},
		{fakes.FlawBouncesUntrusted, "verify", "self-signed", ends(`^dsn 5.7.5 \(1\)`)},
		{fakes.FlawRetriesLate, "encrypt", "tls-disabled", ends(`\([12]\)`)},
		{fakes.FlawNeverRetries, "encrypt", "tls-disabled", ends(`^dsn 5.7.4 \(1\)`)},
		{fakes.FlawNoNotice, "encrypt", "tls-disabled", ends(`^ \(`)},
		{fakes.FlawVagueNotice, "encrypt", "tls-disabled", func(w *world) bool {
			return len(w.back.taken) == 1 && !strings.Contains(string(w.back.taken[0].Data), "TLS cannot be had")
		}},
	}
}

func TestFlawsShow(t *testing.T) {
	t.Parallel()
	rows := flawRows()
	atOnce(len(rows), func(i int) {
		row := rows[i]
		t.Run(string(row.flaw), func(t *testing.T) {
			var peers []fakes.Profile
			for _, name := range strings.Fields(row.peers) {
				peers = append(peers, peer(t, name))
			}
			for _, flaws := range [][]fakes.Flaw{nil, {row.flaw}} {
				w := newWorld(t, policy(t, row.policy, flaws...), peers...)
				w.send(t, to)
				w.end()
				if got := row.shows(w); got != (flaws != nil) {
					t.Errorf("with the flaws %v it shows: %v; %s\n%s", flaws, got, w.outcome(), w.report())
				}
			}
		})
	})
}

// TestEveryFlawIsShown names the flaws that have a test of their own below.
func TestEveryFlawIsShown(t *testing.T) {
	shown := map[fakes.Flaw]bool{
		fakes.FlawFalseDelivered: true, fakes.FlawNoTimeout: true, fakes.FlawReuseAcross: true,
		fakes.FlawResumeUnverified: true, fakes.FlawRetriesForever: true,
	}
	for _, row := range flawRows() {
		shown[row.flaw] = true
	}
	for _, f := range fakes.Flaws() {
		if !shown[f] {
			t.Errorf("nothing shows %s", f)
		}
		delete(shown, f)
	}
	if len(shown) > 0 {
		t.Errorf("no flaws: %v", shown)
	}
}

// TestExtraReply has a peer answer RCPT twice.
func TestExtraReply(t *testing.T) {
	t.Parallel()
	p := peer(t, "opportunistic")
	p.Faults = []fakes.Fault{{At: results.StageRcpt, Phase: fakes.PhaseTLS, When: fakes.After, Do: fakes.ActionReply, Text: "250 2.1.5 Ok\r\n"}}
	for want, flaws := range map[string][]fakes.Flaw{"dsn 4.4.7": nil, " (1)": {fakes.FlawFalseDelivered}} {
		w := newWorld(t, policy(t, "encrypt", flaws...), p)
		w.send(t, to)
		w.end()
		if got := w.outcome(); !strings.HasPrefix(got, want) || len(w.peers[0].taken) > 0 {
			t.Errorf("%v: got %s, want %s\n%s", flaws, got, want, w.report())
		}
	}
}

func TestNoTimeoutWaits(t *testing.T) {
	t.Parallel()
	p := policy(t, "encrypt", fakes.FlawNoTimeout)
	p.TimeoutSeconds, p.LifetimeSeconds = 0.1, 0.2
	w := newWorld(t, p, peer(t, "silent-after-220"))
	begin := time.Now()
	if err := w.Submit(t.Context(), sender.Mail{From: from, To: []string{to}, Data: []byte(content)}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "ten times the lifetime", func() bool { return time.Since(begin) > 10*p.Lifetime() })
	if w.Idle() {
		t.Error("it gave up")
	}
}

func TestReuseAcrossPolicies(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		first, second, peer string
		flaws               []fakes.Flaw
		want                string
	}{
		{"may-reuse", "verify", "self-signed", nil, "1.3, dsn 4.4.7"},
		{"may-reuse", "verify", "self-signed", []fakes.Flaw{fakes.FlawReuseAcross}, "1.3, 1.3 (1)"},
		{"may-reuse", "encrypt", "tls-disabled", nil, "clear, dsn 4.4.7"},
		{"may-reuse", "encrypt", "tls-disabled", []fakes.Flaw{fakes.FlawReuseAcross}, "clear, clear (1)"},
	} {
		w := newWorld(t, policy(t, row.first, row.flaws...), peer(t, row.peer))
		w.domain("other.mailtls.test", policy(t, row.second, row.flaws...), w.peers[0].hop)
		w.send(t, to)
		w.send(t, "b@other.mailtls.test")
		w.end()
		if got := w.outcome(); !strings.HasPrefix(got, row.want) {
			t.Errorf("%s, %s with %v: got %s, want %s", row.first, row.second, row.flaws, got, row.want)
		}
	}
}

func TestResumeUnverified(t *testing.T) {
	t.Parallel()
	flaw := fakes.FlawResumeUnverified
	w := newWorld(t, policy(t, "may", flaw), peer(t, "self-signed"))
	w.domain("other.mailtls.test", policy(t, "verify", flaw), w.peers[0].hop)
	w.send(t, to)
	w.send(t, "b@other.mailtls.test")
	w.end()
	if got := w.outcome(); got != "1.3, 1.3 (2)" {
		t.Errorf("got %s", got)
	}
}

func TestRetriesForever(t *testing.T) {
	t.Parallel()
	p := policy(t, "encrypt", fakes.FlawRetriesForever)
	p.RetrySeconds, p.LifetimeSeconds = 0.02, 0.1
	w := newWorld(t, p, peer(t, "tls-disabled"))
	begin := time.Now()
	if err := w.Submit(t.Context(), sender.Mail{From: from, To: []string{to}, Data: []byte(content)}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an attempt after the lifetime", func() bool {
		w.peers[0].mu.Lock()
		defer w.peers[0].mu.Unlock()
		return len(w.peers[0].sessions) > 10 && time.Since(begin) > 10*p.Lifetime()
	})
	if w.Idle() {
		t.Error("it gave up")
	}
}

// TestNoServerNameForAddresses holds RFC 6066 §3.
func TestNoServerNameForAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, policy(t, "may"), peer(t, "opportunistic"))
	address, _, _ := net.SplitHostPort(w.peers[0].hop.Addr)
	w.domain(mxDomain, policy(t, "may"), fakes.NextHop{Name: address, Addr: w.peers[0].hop.Addr})
	w.send(t, to)
	w.end()
	if h := w.peers[0].hello(); h == nil || h.SNI != "" {
		t.Errorf("the hello is %+v", h)
	}
}
