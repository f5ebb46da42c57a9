package targets

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// envReal has the servers in roots started, which one program at a time can do.
const envReal = "MAILTLS_REAL"

// TestReal starts every variant of every real mail server that is installed,
// and sees whether what it claims is true.
func TestReal(t *testing.T) {
	if os.Getenv(envReal) == "" {
		t.Skipf("set %s=1 to start the real servers", envReal)
	}
	t.Parallel()
	for name, version := range map[string]string{"exim": "4.9", "postfix": "3."} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testReal(t, name, version)
		})
	}
}

func testReal(t *testing.T, name, wantVersion string) {
	t.Helper()
	p, err := targetFor(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Available(); err != nil {
		t.Skip(err)
	}
	if testing.Short() {
		t.Skip("starts a mail server many times; run without -short")
	}
	if version, err := p.Version(t.Context()); err != nil || !strings.HasPrefix(version, wantVersion) {
		t.Errorf("version is %q, %v", version, err)
	}
	awaitRoot(t, p)
	left := testLeftover(t, p)
	for _, v := range p.Spec().Variants {
		t.Run(v.Name, func(t *testing.T) {
			if v.Plays(results.RoleSender) {
				testRealSender(t, p, v)
				return
			}
			sink := newSink(t)
			log := &syncBuffer{}
			w := testWiring(log)
			w.Collector = sink.addr
			r := startFree(t, p, v, w)
			if left != "" {
				gone(t, left)
				if left = ""; !strings.Contains(log.String(), "an earlier run has left process ") {
					t.Errorf("not told of what was left:\n%s", log)
				}
			}
			checkReal(t, v, r, sink)
			if err := r.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			gone(t, r.Addrs["smtp"])
			if t.Failed() {
				t.Log(log)
			}
		})
	}
}

// startFree starts a target, or skips the test when another mailtls has taken
// its root meanwhile.
func startFree(t *testing.T, p *Process, v Variant, w Wiring) *Running {
	t.Helper()
	r, err := p.Start(t.Context(), v, w)
	if errors.Is(err, ErrRootBusy) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// awaitRoot waits while another test or program uses the root.
func awaitRoot(t *testing.T, p *Process) {
	t.Helper()
	dir, err := p.rootDir()
	if err != nil {
		t.Fatal(err)
	}
	timeout := time.After(15 * time.Second)
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		lock, err := lockRoot(dir)
		if err == nil {
			if err := lock.release(); err != nil {
				t.Fatal(err)
			}
			return
		}
		if !errors.Is(err, ErrRootBusy) {
			t.Fatal(err)
		}
		select {
		case <-timeout:
			t.Skip(err)
		case <-tick.C:
		}
	}
}

// testLeftover has another process start the target, which keeps us out, and
// kills it, which leaves the software behind at the address that is returned.
func testLeftover(t *testing.T, p *Process) (addr string) {
	t.Helper()
	addr, kill := hold(t, p.m.Name)
	_, err := p.Start(t.Context(), Variant{Name: "default"}, testWiring(&syncBuffer{}))
	wantError(t, err, "start "+p.m.Name+"/default: lock root ", "root in use by mailtls with pid ")
	if !errors.Is(err, ErrRootBusy) {
		t.Errorf("want ErrRootBusy, got: %v", err)
	}
	kill()
	if conn, err := net.Dial("tcp", addr); err != nil {
		t.Errorf("want it left behind: %v", err)
	} else {
		_ = conn.Close()
	}
	return addr
}

func checkReal(t *testing.T, v Variant, r *Running, s *sink) {
	t.Helper()
	has := v.Claims.Has
	s.hold.Lock()
	checkVersions(t, v, r)
	checkClientCert(t, v, r)
	checkKeywords(t, v, r)
	if err := (call{to: "clear"}).mail(r); (err == nil) != has(results.FeaturePublicMX) {
		t.Errorf("in clear: %v", err)
	} else if err != nil {
		wantError(t, err, `530 "5.7.0 `)
	}
	sent := checkLogins(t, v, r)
	idle, err := r.Idle(t.Context())
	if idle || err != nil {
		t.Errorf("idle is %t while mail waits, %v", idle, err)
	}
	s.hold.Unlock()
	for _, rcpt := range sent {
		s.await(t, rcpt)
	}
	if has(results.FeaturePublicMX) {
		s.await(t, "clear")
	} else {
		s.await(t, "nobody")
	}
	awaitIdle(t, r)
}

// checkLogins hands in mail at the listeners that want a login, and returns its
// recipients.
func checkLogins(t *testing.T, v Variant, r *Running) (sent []string) {
	t.Helper()
	for listener, feature := range map[string]results.Feature{"submission": results.FeatureSubmission, "smtps": results.FeatureSMTPS} {
		if !v.Claims.Has(feature) {
			continue
		}
		c := call{listener: listener, login: true}
		for rcpt, version := range map[string]uint16{listener + "12": tls.VersionTLS12, listener + "13": tls.VersionTLS13} {
			c.to, c.version = rcpt, version
			if err := c.mail(r); err != nil {
				t.Errorf("%s: %v", rcpt, err)
			}
			sent = append(sent, rcpt)
		}
		c.to = "never"
		c.password = "wrong"
		wantError(t, c.mail(r), "535 ")
		c.login = false
		wantError(t, c.mail(r), "5.7.")
		c.login, c.version = true, tls.VersionTLS11
		if err := c.mail(r); err == nil {
			t.Errorf("%s takes TLS 1.1", listener)
		}
	}
	return sent
}

// checkKeywords sees what is listed in the reply to EHLO.
func checkKeywords(t *testing.T, v Variant, r *Running) {
	t.Helper()
	for phase, version := range map[string]uint16{"clear": 0, "tls": tls.VersionTLS12} {
		if version != 0 && (!v.Claims.Has(results.FeatureStartTLS) || v.Name == "tls10-only") {
			continue
		}
		c, err := call{version: version, cert: needsCert(v)}.dial(r)
		if err != nil {
			t.Errorf("%s: %v", phase, err)
			continue
		}
		for keyword, feature := range map[string]results.Feature{
			"PIPELINING": results.FeaturePipelining, "CHUNKING": results.FeatureChunking,
		} {
			if ok, _ := c.Extension(keyword); ok != v.Claims.Has(feature) {
				t.Errorf("%s: %s listed is %t", phase, keyword, ok)
			}
		}
		if ok, _ := c.Extension("AUTH"); ok {
			t.Errorf("%s: AUTH listed on smtp", phase)
		}
		_ = c.Quit()
	}
}

// checkClientCert sees whether a client certificate is asked for, and what
// comes of having none, or one that has expired.
func checkClientCert(t *testing.T, v Variant, r *Running) {
	t.Helper()
	if !v.Claims.Has(results.FeatureStartTLS) || v.Name == "tls10-only" {
		return
	}
	for _, kind := range []fakes.Cert{"", fakes.CertExpired} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			asked := false
			err := call{version: version, cert: kind, to: "nobody", asked: &asked}.mail(r)
			if (err == nil) == v.Claims.Has(results.FeatureMTLSRequired) {
				t.Errorf("%s with client certificate %q: %v", tls.VersionName(version), kind, err)
			}
			if asked != v.Claims.Has(results.FeatureMTLS) {
				t.Errorf("%s: client certificate asked for is %t", tls.VersionName(version), asked)
			}
		}
	}
}

// needsCert is the client certificate without which there is no TLS.
func needsCert(v Variant) fakes.Cert {
	if v.Claims.Has(results.FeatureMTLSRequired) {
		return fakes.CertClient
	}
	return ""
}

// checkVersions sees which versions of TLS are taken on the smtp listener.
func checkVersions(t *testing.T, v Variant, r *Running) {
	t.Helper()
	recent := v.Claims.Has(results.FeatureStartTLS) && v.Name != "tls10-only"
	old := v.Claims.Has(results.FeatureLegacyMX)
	if recent != v.Claims.Has(results.FeatureTLS13) {
		t.Errorf("claims tls13: %t", !recent)
	}
	for version, want := range map[uint16]bool{
		tls.VersionTLS10: old, tls.VersionTLS11: old && recent, tls.VersionTLS12: recent, tls.VersionTLS13: recent,
	} {
		err := call{version: version, cert: needsCert(v), to: "nobody"}.mail(r)
		if (err == nil) != want {
			t.Errorf("%s: want accepted %t, got: %v", tls.VersionName(version), want, err)
		}
	}
}

func awaitIdle(t *testing.T, r *Running) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		idle, err := r.Idle(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if idle {
			return
		}
		<-tick.C
	}
}
