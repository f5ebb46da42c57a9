package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/receiver"
	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/scenarios"
)

// hasty is a policy with short times.
func hasty(name string, level results.TLSLevel) fakes.Policy {
	p := fakes.Policy{SenderPolicy: results.SenderPolicy{
		Name: name, Level: level, RetrySeconds: 0.3, LifetimeSeconds: 2, TimeoutSeconds: 1,
		Fallback: map[results.Trigger]results.Reaction{results.TriggerRefused4xx: results.ReactDefer},
	}}
	return p
}

// sends is our own engine as a target that sends by such policies; claims may change
// what it says of itself.
func sends(t *testing.T, claims func(*results.SenderPolicy), policies ...fakes.Policy) targets.Target {
	t.Helper()
	front, err := fakes.Receiver("opportunistic")
	if err != nil {
		t.Fatal(err)
	}
	m := fakes.Model{Name: "hasty/default", Doc: "Sends in haste.", Receives: front, Sends: policies}
	for _, p := range policies {
		said := p.SenderPolicy
		if claims != nil {
			claims(&said)
		}
		m.Claims.Policies = append(m.Claims.Policies, said)
	}
	return targets.NewInProcess("hasty", "Sends in haste.", m)
}

// once is a case with one host.
func once(id, peer string) scenarios.Case {
	return scenarios.Case{
		ID: id, Row: "S-000", Title: id, Role: results.RoleSender, Protocol: results.SMTP, Window: 4 * time.Second,
		Levels: []scenarios.LevelRule{{Level: results.Must}}, Placements: []scenarios.Placement{{Peer: peer}},
		Judge: func(t *results.Transcript, claims results.Claims) results.Verdict {
			f := scenarios.Fate(t, claims)
			if f == nil || t.Submissions[0].Reply == "" || t.Submissions[0].Reply[0] != '2' {
				return results.Verdict{Status: results.StatusInconclusive, Reason: fmt.Sprintf("not taken: %+v", t.Submissions)}
			}
			return results.Verdict{Status: results.StatusPass, Got: string(f.Code)}
		},
	}
}

// stage performs cases against a target.
func stage(ctx context.Context, t *testing.T, target targets.Target, cases ...scenarios.Case) (*results.Report, error) {
	t.Helper()
	o := Options{Target: target, Roles: []results.Role{results.RoleSender}, Out: filepath.Join(t.TempDir(), "run"), sanity: 3 * time.Second}
	variant, roles, err := o.choose()
	if err != nil {
		t.Fatal(err)
	}
	r, err := o.perform(ctx, variant, roles, cases)
	if r != nil {
		for _, file := range []string{ReportFile, TextFile, JUnitFile} {
			if _, err := os.Stat(filepath.Join(o.Out, file)); err != nil {
				t.Errorf("what was seen is not kept: %v", err)
			}
		}
		for _, c := range r.Cases {
			if _, err := os.Stat(filepath.Join(o.Out, c.Transcript)); c.Transcript == "" || err != nil {
				t.Errorf("the transcript of %s is not kept: %v", c.ID, err)
			}
		}
	}
	return r, err
}

// changedTarget is a target of which the start is changed.
type changedTarget struct {
	targets.Target
	start func(context.Context, targets.Variant, targets.Wiring) (*targets.Running, error)
}

func (c changedTarget) Start(ctx context.Context, v targets.Variant, w targets.Wiring) (*targets.Running, error) {
	return c.start(ctx, v, w)
}

// mortal is a target that dies when it has asked for a route to a name so often.
func mortal(inner targets.Target, name string, times int32) targets.Target {
	return changedTarget{inner, func(ctx context.Context, v targets.Variant, w targets.Wiring) (*targets.Running, error) {
		var asked atomic.Int32
		var running *targets.Running
		var death sync.Once
		die := func() (err error) {
			death.Do(func() { err = running.Stop(context.Background()) })
			return err
		}
		var dying sync.WaitGroup
		route := w.Route
		w.Route = func(domain string) []fakes.NextHop {
			if strings.Contains(domain, name) && asked.Add(1) == times {
				dying.Go(func() { _ = die() })
			}
			return route(domain)
		}
		var err error
		if running, err = inner.Start(ctx, v, w); err != nil {
			return nil, err
		}
		dead := *running
		dead.Stop = func(context.Context) error { dying.Wait(); return die() }
		return &dead, nil
	}}
}

// sink is a target that takes mail by a profile, and sends none.
func sink(inner targets.Target, gates ...fakes.Gate) targets.Target {
	return changedTarget{inner, func(_ context.Context, _ targets.Variant, w targets.Wiring) (*targets.Running, error) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("start sink: %w", err)
		}
		began := time.Now()
		server := &receiver.Server{
			Profile:  fakes.Profile{Name: "sink", Offer: fakes.OfferNone, Gates: gates},
			Listener: fakes.ListenSMTP, Host: w.Host, Now: func() time.Duration { return time.Since(began) }, Clock: time.Now,
		}
		ctx, cancel := context.WithCancel(context.Background())
		var serving sync.WaitGroup
		serving.Go(func() { _ = server.Serve(ctx, ln) })
		return &targets.Running{
			Addrs: map[fakes.Listener]string{fakes.ListenSMTP: ln.Addr().String()},
			Stop:  func(context.Context) error { cancel(); serving.Wait(); return nil },
		}, nil
	}}
}

// undecided wants every case left open, for a reason that says something.
func undecided(t *testing.T, r *results.Report, err error, reason string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if r.Outcome != results.Undecided {
		t.Errorf("the outcome is %s", r.Outcome)
	}
	for _, c := range r.Cases {
		if c.Status != results.StatusInconclusive || !strings.Contains(c.Reason, reason) {
			t.Errorf("%s is %s: %q, want a reason with %q", c.ID, c.Status, c.Reason, reason)
		}
	}
}

func TestTargetKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	honestly := sends(t, nil, hasty("encrypt", results.LevelMandatory))
	r, err := stage(t.Context(), t, mortal(honestly, "x-waits", 2), once("x/waits", "starttls-454"), once("x/other", "starttls-454"))
	undecided(t, r, err, "the ordinary conversation after the case failed")
}

func TestTargetThatNeverSends(t *testing.T) {
	t.Parallel()
	r, err := stage(t.Context(), t, sink(sends(t, nil, hasty("encrypt", results.LevelMandatory))), once("x/one", "opportunistic"))
	undecided(t, r, err, "neither delivered nor given back within 3 s")
}

func TestSubmissionRefused(t *testing.T) {
	t.Parallel()
	target := sink(sends(t, nil, hasty("encrypt", results.LevelMandatory)), fakes.Gate{Only: []string{"MAIL"}, Reply: "550 5.7.1 Not for you"})
	r, err := stage(t.Context(), t, target, once("x/one", "opportunistic"))
	undecided(t, r, err, "550 5.7.1 Not for you")
}

func TestInterruptedSender(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	target := changedTarget{sends(t, nil, hasty("encrypt", results.LevelMandatory)), nil}
	inner := target.Target
	target.start = func(c context.Context, v targets.Variant, w targets.Wiring) (*targets.Running, error) {
		route := w.Route
		w.Route = func(domain string) []fakes.NextHop {
			if strings.Contains(domain, "x-waits") {
				stop()
			}
			return route(domain)
		}
		return inner.Start(c, v, w)
	}
	r, err := stage(ctx, t, target, once("x/waits", "starttls-454"))
	if !errors.Is(err, context.Canceled) || r == nil {
		t.Fatalf("got %v and %v, want a report and the context's error", r, err)
	}
	undecided(t, r, nil, "interrupted")
}

func TestDeferredIsProvedByDrain(t *testing.T) {
	t.Parallel()
	p := hasty("encrypt", results.LevelMandatory)
	p.LifetimeSeconds = 60
	silent := func(p *results.SenderPolicy) { p.LifetimeSeconds = 0 }
	r, err := stage(t.Context(), t, sends(t, silent, p), once("x/waits", "starttls-454"))
	if err != nil {
		t.Fatal(err)
	}
	if f := r.Cases[0].Fate; f == nil || f.Code != results.FateDeferred || f.ProvedBy != results.ProvedByDrain {
		t.Errorf("the fate is %+v", f)
	}
}

func TestMessageAtAnotherCasesHost(t *testing.T) {
	t.Parallel()
	inner := sends(t, nil, hasty("encrypt", results.LevelMandatory))
	astray := changedTarget{inner, func(ctx context.Context, v targets.Variant, w targets.Wiring) (*targets.Running, error) {
		route := w.Route
		w.Route = func(domain string) []fakes.NextHop {
			return route(strings.Replace(domain, "x-one.", "x-other.", 1))
		}
		return inner.Start(ctx, v, w)
	}}
	r, err := stage(t.Context(), t, astray, once("x/one", "opportunistic"), once("x/other", "opportunistic"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Unattributed != 1 || !strings.Contains(strings.Join(r.Notes, "\n"), "x/other took a message for") {
		t.Errorf("%d sessions are unattributed, the notes are %q", r.Unattributed, r.Notes)
	}
	if got := r.Cases[0]; got.Got != string(results.FateUnknown) {
		t.Errorf("of the message that went astray it says %+v", got)
	}
}

func TestCasesAloneComeLast(t *testing.T) {
	t.Parallel()
	first, alone := once("x/first", "starttls-454"), once("x/alone", "opportunistic")
	alone.Alone = true
	o := Options{
		Target: sends(t, nil, hasty("encrypt", results.LevelMandatory)), Roles: []results.Role{results.RoleSender},
		Out: filepath.Join(t.TempDir(), "run"), sanity: 3 * time.Second,
	}
	var order []string
	o.Progress = func(p Progress) { order = append(order, p.Case) }
	variant, roles, err := o.choose()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.perform(t.Context(), variant, roles, []scenarios.Case{alone, first}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(order, " "); got != " x/first x/alone" {
		t.Errorf("they ended in the order %q", got)
	}
}

// resolving is a target that asks a resolver, and cannot be started.
type resolving struct{ targets.Target }

func (r resolving) Spec() targets.Spec {
	s := r.Target.Spec()
	s.Direct = false
	return s
}

// TestPortsThatAreTaken wants another address where one is taken, and an error that
// names the port where none is left.
func TestPortsThatAreTaken(t *testing.T) {
	t.Parallel()
	w := &world{
		Options: Options{Target: resolving{sends(t, nil, hasty("encrypt", results.LevelMandatory))}}, ledger: newLedger(),
		addresses: &addresses{base: 127<<24 | 200<<16 | uint32(os.Getpid()&0xff)<<8}, epoch: time.Now(),
	}
	hold := func(network string, port uint16, numbers ...uint32) {
		for _, n := range numbers {
			ip := w.addresses.base + n
			addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)}), port)
			var taken interface{ Close() error }
			var err error
			if network == "udp" {
				taken, err = net.ListenPacket(network, addr.String())
			} else {
				taken, err = net.Listen(network, addr.String())
			}
			if errors.Is(err, syscall.EACCES) {
				t.Skip("ports below 1024 are not for this user")
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = taken.Close() })
		}
	}
	hold("tcp", smtpPort, 1)
	room, err := w.openMailroom(t.Context()) // takes 2 for the collector, 3 for the resolver
	if err != nil {
		t.Fatalf("with one address taken: %v", err)
	}
	room.close()
	hold("udp", 53, 5)
	if _, err := w.openMailroom(t.Context()); err == nil || !strings.Contains(err.Error(), "start the resolver") || !strings.Contains(err.Error(), ":53") {
		t.Errorf("with the resolver's port taken: %v", err)
	}
	hold("tcp", smtpPort, 6, 7, 8, 9, 10)
	if _, err := w.openMailroom(t.Context()); err == nil || !strings.Contains(err.Error(), "listen for mail") || !strings.Contains(err.Error(), ":25") {
		t.Errorf("with all ports taken: %v", err)
	}
}

// rootless is a target that needs what the user may not do.
type rootless struct{ targets.Target }

func (rootless) Available() error { return errors.New("it needs root, to listen on port 25") }

func TestTargetThatNeedsRoot(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "run")
	r, err := Run(t.Context(), Options{
		Target: rootless{targets.Reference()}, Roles: []results.Role{results.RoleSender}, Out: out,
		Filter: results.Filter{Case: "dialogue/*"},
	})
	if r != nil || err == nil || !strings.Contains(err.Error(), "it needs root") {
		t.Errorf("got %v and %v", r, err)
	}
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder was left: %v", err)
	}
}
