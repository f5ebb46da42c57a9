package targets

import (
	"bytes"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"mailtls/results"
)

var measure = flag.Bool("measure", false, "measure more peers, and wait until everything is given back (80 s a target)")

// senderPeers are peers with what is missing from TLS there.
func senderPeers() map[string]results.Trigger {
	peers := map[string]results.Trigger{
		"opportunistic": "", "tls-disabled": results.TriggerNotOffered, "starttls-454": results.TriggerRefused4xx,
		"starttls-554": results.TriggerRefused5xx, "reset-after-220": results.TriggerReset, "self-signed": "",
	}
	if !*measure {
		return peers
	}
	for peer, trigger := range map[string]results.Trigger{
		"tls10-only": "", "tls11-only": "", "tls12-only": "", "tls13-only": "", "tls12-required": "", "enforcing": "",
		"expired": "", "wrong-name": "", "unknown-ca": "", "3des-only": "", "auth-before-tls-only": "",
		"fin-after-220": results.TriggerClosed, "silent-after-220": results.TriggerSilent,
		"garbage-after-220": results.TriggerFailed, "alert-after-220": results.TriggerFailed,
		"fin-at-ehlo": results.TriggerLostAfterTLS, "http-after-220": results.TriggerFailed,
		"server-hello-then-close": results.TriggerClosed,
	} {
		peers[peer] = trigger
	}
	return peers
}

// testRealSender sees whether what the policies of a sender claim is true.
func testRealSender(t *testing.T, p *Process, v Variant) {
	t.Helper()
	w := newWorld(t, map[string]string{"exim": "127.23.", "postfix": "127.24."}[p.m.Name])
	cells := w.peers(t, v)
	log := &syncBuffer{}
	wiring := testWiring(log)
	wiring.Collector, wiring.PeerRoots = "", w.authority.RootPEM()
	wiring.Resolver, wiring.Submitter = w.net+"0.53", w.net+"0.9"
	r := startFree(t, p, v, wiring)
	if err := (call{}).hand(r.Addrs["smtp"], "a@"+worldBounces, "b@"+cells[0].domain); err == nil {
		t.Error("it relays for anybody")
	}
	w.submit(t, r.Addrs["smtp"], cells)
	w.await(t)
	if err := r.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	gone(t, r.Addrs["smtp"])
	w.stop()
	w.check(t, v, cells)
	if t.Failed() || *measure {
		t.Log(log)
	}
}

// peers gives every policy of a variant its peers.
func (w *world) peers(t *testing.T, v Variant) (cells []*cell) {
	t.Helper()
	for _, policy := range v.Claims.Policies {
		for peer := range senderPeers() {
			cells = append(cells, w.peer(t, policy.Name, peer))
		}
		if policy.Reuse {
			cells = append(cells, w.peer(t, policy.Name, "pair-opportunistic"))
		}
		if policy.Credentials {
			cells = append(cells, w.peer(t, policy.Name, "clear-login"), w.peer(t, policy.Name, noTLSButLogin))
		}
	}
	return cells
}

// check compares what became of the messages with the claims, once the world
// has stopped.
func (w *world) check(t *testing.T, v Variant, cells []*cell) {
	t.Helper()
	for _, c := range cells {
		policy, _ := v.Claims.Policy(c.policy)
		checkCell(t, policy, c)
	}
	if len(w.strange) > 0 {
		t.Errorf("%d notifications about nothing that was sent, such as:\n%s", len(w.strange), w.strange[0])
	}
	t.Log("\n" + table(cells))
}

// await waits until every message has an end, or for long enough that what is
// left was kept.
func (w *world) await(t *testing.T) {
	t.Helper()
	wait := 20 * time.Second
	if *measure {
		wait = 90 * time.Second
	}
	timeout := time.After(wait)
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for w.waiting() > 0 {
		select {
		case <-timeout:
			t.Logf("%d messages wait", w.waiting())
			return
		case <-tick.C:
		}
	}
}

// checkCell compares the fate of a message with what the policy claims.
func checkCell(t *testing.T, p results.SenderPolicy, c *cell) {
	t.Helper()
	f := c.fate()
	at := c.policy + " and " + c.profile
	checkSafe(t, p, c, f)
	want := wantFate(p, c.profile)
	if want == results.FateTLS13 && f.Code.Encrypted() {
		want = f.Code
	}
	if want != "" && f.Code != want {
		t.Errorf("%s: want %s, got %s after %.1f s %s", at, want, f.Code, f.Seconds, f.DSN)
	}
	if f.Code == results.FateDeferred && len(c.sessions) < 2 {
		t.Errorf("%s: tried %d times", at, len(c.sessions))
	}
	if *measure && f.Code == results.FateDeferred && c.bounces == 0 {
		t.Errorf("%s: never given back", at)
	}
}

// checkSafe sees whether a message came more often than it was sent, or went in
// clear where it must not, and whether connections were shared.
func checkSafe(t *testing.T, p results.SenderPolicy, c *cell, f results.Fate) {
	t.Helper()
	at := c.policy + " and " + c.profile
	if len(c.taken)+c.bounces > c.messages {
		t.Errorf("%s: taken %d times, given back %d times", at, len(c.taken), c.bounces)
	}
	if p.Level == results.LevelMandatory && f.Code.Plain() {
		t.Errorf("%s: went in clear", at)
	}
	for _, s := range c.sessions {
		if slices.ContainsFunc(s.Events, loginInClear) {
			t.Errorf("%s: the login went in clear", at)
		}
	}
	if c.messages == 2 && (len(c.taken) != 2 || c.taken[0].Session != c.taken[1].Session) {
		t.Errorf("%s: two messages did not share a connection", at)
	}
}

// loginInClear tells whether a client sends a login in clear.
func loginInClear(e results.Event) bool {
	return e.From == results.Client && !e.Secure && bytes.HasPrefix(bytes.ToUpper(e.Bytes), []byte("AUTH"))
}

// wantFate is the code that a policy claims with a peer; T13 stands for any
// version, and nothing for what it does not say.
func wantFate(p results.SenderPolicy, peer string) results.FateCode {
	trigger := senderPeers()[peer]
	switch {
	case p.Level == results.LevelNone && peer != "tls12-required" && peer != "enforcing":
		return results.FatePlain
	case trigger == results.TriggerNotOffered && p.Fallback[trigger] == results.ReactClearSame:
		return results.FatePlain
	case trigger != "":
		return map[results.Reaction]results.FateCode{
			results.ReactClearSame: results.FatePlainSame, results.ReactClearNew: results.FatePlainNew,
			results.ReactClearLater: results.FatePlainLater, results.ReactDefer: results.FateDeferred,
			results.ReactBounce: results.FateBounced,
		}[p.Fallback[trigger]]
	case peer == noTLSButLogin && p.Level == results.LevelMandatory:
		return results.FateDeferred
	case peer == "self-signed" && p.Verify != results.VerifyNone:
		return results.FateDeferred
	case peer == "opportunistic", peer == "pair-opportunistic", peer == "self-signed", peer == "clear-login":
		return results.FateTLS13
	}
	return ""
}

// table writes what became of the messages.
func table(cells []*cell) string {
	var policies, peers []string
	text := map[string]string{}
	for _, c := range cells {
		policies, peers = once(policies, c.policy), once(peers, c.profile)
		f := c.fate()
		text[c.domain] = fmt.Sprintf("%s %.1f/%d", f.Code, f.Seconds, f.Connections)
		if len(f.DSN) >= 5 {
			text[c.domain] += " " + f.DSN[:5]
		}
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "peer\t"+strings.Join(policies, "\t"))
	for _, peer := range peers {
		fmt.Fprint(w, peer)
		for _, policy := range policies {
			fmt.Fprint(w, "\t"+text[peer+"."+policy+"."+worldDomain])
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush()
	for _, c := range cells {
		if dsn := c.fate().DSN; dsn != "" {
			fmt.Fprintf(&b, "%s: %s\n", c.domain, dsn)
		}
	}
	return b.String()
}

// once adds a word that is not there yet.
func once(list []string, word string) []string {
	for _, w := range list {
		if w == word {
			return list
		}
	}
	return append(list, word)
}
