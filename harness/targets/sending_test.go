package targets

import (
	"context"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/fakes/receiver"
	"mailtls/fakes/sender"
	"mailtls/results"
)

// sendingPeer is a host for a sending target's mail.
func sendingPeer(t *testing.T, name, profile string, authority *pki.Authority, kind fakes.Cert) (fakes.NextHop, func() []receiver.Message) {
	t.Helper()
	p, err := fakes.Receiver(profile)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := authority.Issue(kind, pki.ECDSAP256, name)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var taken []receiver.Message
	s := &receiver.Server{Profile: p, Host: name, Certificate: cert, Now: elapsed(), Clock: time.Now,
		Deliver: func(_ context.Context, m receiver.Message) error {
			mu.Lock()
			defer mu.Unlock()
			taken = append(taken, m)
			return nil
		}}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { _ = s.Serve(ctx, ln) })
	t.Cleanup(func() { cancel(); serving.Wait() })
	return fakes.NextHop{Name: name, Addr: ln.Addr().String()}, func() []receiver.Message {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(taken)
	}
}

// submit hands a message in and waits until the target's queue is empty.
func submit(t *testing.T, r *Running, recipients ...string) {
	t.Helper()
	script := fakes.Join(fakes.Greet(), fakes.Ehlo("ehlo"), fakes.Say("mail", "250", "MAIL FROM:<a@elsewhere.test>\r\n"))
	for _, to := range recipients {
		script = fakes.Join(script, fakes.Say("rcpt", "250", "RCPT TO:<"+to+">\r\n"))
	}
	script = fakes.Join(script, fakes.Say("data", "354", "DATA\r\n"), fakes.Say("body", "250", "Subject: x\r\n\r\nx\r\n.\r\n"), fakes.Quit())
	s := sender.Play(t.Context(), sender.Session{Script: script, Addr: r.Addrs[fakes.ListenSMTP], Now: elapsed(), Vars: fakes.Vars{"helo": "client.example"}})
	if s.End != results.EndOurs {
		t.Fatalf("the submission ended with %s", s.End)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for idle := false; !idle; <-tick.C {
		idle, _ = r.Idle(t.Context())
	}
}

func TestReferenceSends(t *testing.T) {
	t.Parallel()
	authority, err := pki.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	good, taken := sendingPeer(t, "mx.good.mailtls.test", "opportunistic", authority, fakes.CertValid)
	self, takenBySelf := sendingPeer(t, "mx.self.mailtls.test", "opportunistic", authority, fakes.CertSelfSigned)
	target := Reference()
	if !slices.Equal(target.Spec().Roles, []results.Role{results.RoleReceiver, results.RoleSender, results.RoleAccessServer}) {
		t.Errorf("the roles are %v", target.Spec().Roles)
	}
	v, err := target.Spec().Variant("sender")
	if err != nil || v.Plays(results.RoleReceiver) || !v.Plays(results.RoleSender) || len(v.Claims.Policies) == 0 {
		t.Fatalf("the variant is %+v, %v", v, err)
	}
	w := Wiring{Domain: "mailtls.test", Host: "out.mailtls.test", PeerRoots: authority.RootPEM(), Log: io.Discard}
	if _, err := target.Start(t.Context(), v, w); err == nil || !strings.Contains(err.Error(), "route") {
		t.Errorf("without a route: %v", err)
	}
	w.Route = func(domain string) []fakes.NextHop {
		if strings.HasPrefix(domain, "self.") {
			return []fakes.NextHop{self}
		}
		return []fakes.NextHop{good}
	}
	r, err := target.Start(t.Context(), v, w)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	submit(t, r, "b@good.verify.mailtls.test", "b@good.none.mailtls.test", "b@self.may.mailtls.test", "b@self.verify.mailtls.test")
	// To verify belongs a certificate that holds; the notification comes from nobody.
	var got []string
	for _, m := range append(taken(), takenBySelf()...) {
		secure := "in clear"
		if m.Secure {
			secure = "inside TLS"
		}
		got = append(got, m.From+" "+m.To[0]+" "+secure)
	}
	slices.Sort(got)
	want := []string{
		" a@elsewhere.test inside TLS",
		"a@elsewhere.test b@good.none.mailtls.test in clear",
		"a@elsewhere.test b@good.verify.mailtls.test inside TLS",
		"a@elsewhere.test b@self.may.mailtls.test inside TLS",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestPolicyOfADomain(t *testing.T) {
	t.Parallel()
	find := policies([]fakes.Policy{{SenderPolicy: results.SenderPolicy{Name: "encrypt"}}, {SenderPolicy: results.SenderPolicy{Name: "none"}}}, "mailtls.test")
	for domain, want := range map[string]string{
		"x.encrypt.mailtls.test": "encrypt", "X.Encrypt.MAILTLS.test.": "encrypt", "encrypt.mailtls.test": "encrypt", "encrypt.none.mailtls.test": "none",
		"none.x.mailtls.test": "may", "x.none.elsewhere.test": "may", "mailtls.test": "may", "none": "may", "": "may",
	} {
		if got := find(domain).Name; got != want {
			t.Errorf("%q: got %s, want %s", domain, got, want)
		}
	}
}
