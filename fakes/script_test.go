package fakes_test

import (
	"crypto/tls"
	"reflect"
	"slices"
	"testing"

	"mailtls/fakes"
	"mailtls/results"
)

func TestVarsFill(t *testing.T) {
	v := fakes.Vars{"helo": "a.example", "helo2": "b.example", "odd": "{helo}", "empty": ""}
	for text, want := range map[string]string{
		"":                        "",
		"NOOP\r\n":                "NOOP\r\n",
		"EHLO {helo}\r\n":         "EHLO a.example\r\n",
		"{helo}{helo2}{helo}":     "a.exampleb.examplea.example",
		"<{empty}>":               "<>",
		"{odd}":                   "{helo}", // a value is not filled in again
		"{unknown} {helo":         "{unknown} {helo",
		"{HELO} {{helo}} {helo }": "{HELO} {a.example} {helo }",
	} {
		if got := v.Fill(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := fakes.Vars(nil).Fill("EHLO {helo}"); got != "EHLO {helo}" {
		t.Errorf("without variables: %q", got)
	}
}

// TestSendersDeliver walks over the scripts of the catalogue.
func TestSendersDeliver(t *testing.T) {
	for _, p := range fakes.Senders() {
		var marks []string
		var secure bool
		for _, s := range p.Deliver() {
			marks = append(marks, s.Mark)
			secure = secure || s.Do == fakes.MoveHandshake
		}
		if secure == p.Plain {
			t.Errorf("%s is plain: %v, and its script: %v", p.Name, p.Plain, marks)
		}
		want := []string{"mail", "rcpt", "data", "body", "quit"}
		switch p.To.Protocol() {
		case results.IMAP:
			want = []string{"login", "append", "append-body", "logout"}
		case results.POP3:
			want = []string{"user", "login", "stat", "quit"}
		default:
		}
		if !slices.Equal(marks[len(marks)-len(want):], want) {
			t.Errorf("%s ends with %v, want %v", p.Name, marks, want)
		}
		if h := p.Hello; h.Max != 0 && h.Min > h.Max || p.Plain && !reflect.DeepEqual(h, fakes.Hello{}) {
			t.Errorf("%s says a hello of %s to %s", p.Name, tls.VersionName(h.Min), tls.VersionName(h.Max))
		}
		if first := p.OpenImplicit()[0]; first.Do != fakes.MoveHandshake {
			t.Errorf("%s begins with %s on a listener with implicit TLS", p.Name, first.Do)
		}
	}
}

func TestJoinMakesAScriptOfItsOwn(t *testing.T) {
	first := make(fakes.Script, 1, 10)
	a, b := fakes.Join(first, fakes.Quit()), fakes.Join(first, fakes.Greet())
	if a[1].Mark != "quit" || b[1].Mark != "greeting" {
		t.Errorf("got %q and %q: one has overwritten the other", a[1].Mark, b[1].Mark)
	}
}
