package targets

import (
	"crypto/tls"
	"io"
	"net"
	"net/textproto"
	"testing"

	"mailtls/fakes"
)

// TestFindLooksEverywhere: real software, our own and the models.
func TestFindLooksEverywhere(t *testing.T) {
	for name, direct := range map[string]bool{"exim": false, "postfix": false, "exchange-2010": true, "reference": true} {
		found, err := Find(name)
		if err != nil || found.Spec().Name != name || found.Spec().Direct != direct {
			t.Errorf("%s: %+v, %v", name, found, err)
		}
	}
}

// TestCertificatesAreForMoreNames: each target of this process shows one for all
// names, which leads to the root that it tells of.
func TestCertificatesAreForMoreNames(t *testing.T) {
	for _, target := range []Target{Reference(), GoSMTP{}} {
		w := Wiring{Domain: "mailtls.test", Host: "mx.mailtls.test", Names: []string{"one.example", "two.example"}, Collector: "127.0.0.1:1", User: "u", Password: "p", Log: io.Discard}
		r, err := target.Start(t.Context(), target.Spec().Variants[0], w)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range append([]string{w.Host}, w.Names...) {
			if err := shows(r, name); err != nil {
				t.Errorf("%s: %s: %v", target.Spec().Name, name, err)
			}
		}
		if err := shows(r, "three.example"); err == nil {
			t.Errorf("%s: any name will do", target.Spec().Name)
		}
		if len(r.RootPEM) == 0 {
			t.Errorf("%s tells of no root", target.Spec().Name)
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// shows says whether the certificate behind STARTTLS is for a name.
func shows(r *Running, name string) error {
	raw, err := net.Dial("tcp", r.Addrs[fakes.ListenSMTP])
	if err != nil {
		return err
	}
	conn := textproto.NewConn(raw)
	defer func() { _ = conn.Close() }()
	for _, step := range []struct {
		say  string
		want int
	}{{"", 220}, {"EHLO client.example", 250}, {"STARTTLS", 220}} {
		if step.say != "" {
			if err := conn.PrintfLine("%s", step.say); err != nil {
				return err
			}
		}
		if _, _, err := conn.ReadResponse(step.want); err != nil {
			return err
		}
	}
	return tls.Client(raw, &tls.Config{ServerName: name, RootCAs: r.Roots}).Handshake()
}

// TestNamesAreOfOneTarget: a model must not stand before real software of its name.
func TestNamesAreOfOneTarget(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Products() {
		all = append(all, p)
	}
	seen := map[string]bool{}
	for _, target := range all {
		name := target.Spec().Name
		if seen[name] {
			t.Errorf("%s names two targets", name)
		}
		seen[name] = true
	}
}
