package targets

import (
	"strings"
	"testing"

	"mailtls/results"
)

// goodSender is a manifest with a sender.
const goodSender = `name: my-mta
doc: An MTA.
roles: [receiver, sender]
listen: {smtp: 0}
certificate: {dir: tls}
files:
  - {template: my.conf.tmpl, path: my.conf}
commands:
  start: {run: [my-mta, -f], foreground: true}
variants:
  - {name: default, doc: As it comes.}
  - name: sender
    doc: It sends.
    roles: [sender]
    files: [{template: sender.tmpl, path: my.conf}]
    claims:
      policies:
        - {name: verify, level: mandatory, verify: mx-name, fallback: {failed: defer}}
        - {name: login, level: opportunistic, credentials: true}
`

// senderTemplate shows what a sender sees.
const senderTemplate = "ask {{.Resolver}} for {{.Submitter}} with {{.PeerRoots}}"

func TestSenderManifest(t *testing.T) {
	t.Parallel()
	p, err := loadText(t, goodSender, map[string]string{"sender.tmpl": senderTemplate})
	if err != nil {
		t.Fatal(err)
	}
	receiver, sender := p.Spec().Variants[0], p.Spec().Variants[1]
	if !receiver.Plays(results.RoleReceiver) || receiver.Plays(results.RoleSender) || len(receiver.Claims.Policies) != 0 {
		t.Errorf("the receiver is %+v", receiver)
	}
	if sender.Plays(results.RoleReceiver) || !sender.Plays(results.RoleSender) || len(sender.Claims.Policies) != 2 {
		t.Errorf("the sender is %+v", sender)
	}
	sender.Claims.Policies[0].Fallback[results.TriggerFailed] = results.ReactBounce
	if again, _ := p.Spec().Variants[1].Claims.Policy("verify"); again.Fallback[results.TriggerFailed] != results.ReactDefer {
		t.Error("a caller changed the target through its spec")
	}
}

func TestSenderFiles(t *testing.T) {
	t.Parallel()
	p, err := loadText(t, goodSender, map[string]string{"sender.tmpl": senderTemplate})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"listen 127.0.0.1:0\n", "ask 127.23.0.53 for 127.23.0.9 with /run/tls/peers.pem"} {
		v := &p.m.Variants[i]
		d, err := p.renderData(v, testWiring(&syncBuffer{}), "/run")
		if err != nil {
			t.Fatal(err)
		}
		if (d.Resolver != "") != (i == 1) || (d.Submitter != "") != (i == 1) {
			t.Errorf("%s sees resolver %q and submitter %q", v.Name, d.Resolver, d.Submitter)
		}
		if all := p.m.files(v); len(all) != 1 || all[0].Path != "my.conf" {
			t.Errorf("the files of %s are %v", v.Name, all)
		} else if text, err := p.renderFile(all[0].Template, d); text != want || err != nil {
			t.Errorf("the file of %s is %q, %v; want %q", v.Name, text, err, want)
		}
	}
}

func TestSenderFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []manifestFault{
		{"", "mx-name", "mx", []string{`target.yaml:18:12: policy verify: unknown verify "mx"; there are `}},
		{"", "failed: defer", "failed: clear-new", []string{"target.yaml:18:12: policy verify: clear-new, and level mandatory"}},
		{"", "name: login", "name: verify", []string{"target.yaml:19:12: policy verify is there twice; rename or remove one"}},
		{"", "name: login", "name: Log.in", []string{`target.yaml:19:12: policy name "Log.in"; want small letters`}},
		{"", "name: login, ", "", []string{"target.yaml:19:12: a policy has no name"}},
		{"", goodSender[strings.Index(goodSender, "    claims:"):], "", []string{"target.yaml:12:5: variant sender is a sender and claims no policies"}},
	} {
		_, err := loadText(t, strings.Replace(goodSender, c.old, c.new, 1), map[string]string{"sender.tmpl": senderTemplate})
		wantError(t, err, c.want...)
	}
}

func TestSenderWiring(t *testing.T) {
	t.Parallel()
	p, err := loadText(t, goodSender, map[string]string{"sender.tmpl": senderTemplate})
	if err != nil {
		t.Fatal(err)
	}
	good := testWiring(&syncBuffer{})
	good.PeerRoots = []byte("roots")
	if err := checkWiring(&p.m.Variants[1], good); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Wiring){
		`resolver "", and the variant is a sender; want an address in 127.0.0.0/8`: func(w *Wiring) { w.Resolver = "" },
		`resolver "127.0.0.1:53"`:               func(w *Wiring) { w.Resolver = "127.0.0.1:53" },
		`submitter "192.0.2.1"`:                 func(w *Wiring) { w.Submitter = "192.0.2.1" },
		`submitter "::1"`:                       func(w *Wiring) { w.Submitter = "::1" },
		"no peer roots, and policy verify ver":  func(w *Wiring) { w.PeerRoots = nil },
		"no password, and policy login logs in": func(w *Wiring) { w.Password = "" },
	} {
		w := good
		change(&w)
		wantError(t, checkWiring(&p.m.Variants[1], w), "read wiring: ", want)
		if err := checkWiring(&p.m.Variants[0], w); err != nil {
			t.Errorf("a receiver without a sender's wiring: %v", err)
		}
	}
}
