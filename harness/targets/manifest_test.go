package targets

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"mailtls/results"
)

// goodManifest is what the faults below are made in.
const goodManifest = `name: my-mta
doc: An MTA.
roles: [receiver]
listen: {smtp: 0}
certificate: {dir: tls}
files:
  - template: my.conf.tmpl
    path: my.conf
commands:
  start: {run: [my-mta, -f], foreground: true}
variants:
  - name: default
    doc: As it comes.
    claims: {features: [starttls], stall_seconds: 10}
`

// rootManifest is one with a root and a daemon.
const rootManifest = `name: my-mta
doc: An MTA.
roles: [receiver]
root: {suite: bookworm, packages: [my-mta]}
listen: {smtp: 0}
files:
  - {template: my.conf.tmpl, path: /etc/my.conf, owner: "mail:mail"}
commands:
  start: {run: [my-mta]}
  stop: {run: [my-mta, stop]}
pid_file: /run/my.pid
variants:
  - {name: default, doc: As it comes.}
`

// loadText loads a target with the manifest and templates.
func loadText(t *testing.T, manifest string, more map[string]string) (*Process, error) {
	t.Helper()
	files := fstest.MapFS{
		ManifestFile:   {Data: []byte(manifest)},
		"my.conf.tmpl": {Data: []byte("listen {{.Listen.smtp}}\n")},
	}
	for name, text := range more {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return read(&Process{files: files, folder: "/my-mta", origin: "my-mta"})
}

func TestGoodManifests(t *testing.T) {
	t.Parallel()
	for _, text := range []string{goodManifest, rootManifest, "# a comment\n---\n" + goodManifest} {
		if _, err := loadText(t, text, nil); err != nil {
			t.Error(err)
		}
	}
}

// manifestFault is a mistake: old is replaced by new in a good manifest.
type manifestFault struct {
	why, old, new string
	want          []string
}

func manifestFaults() []manifestFault {
	return []manifestFault{
		{"syntax", "name: my-mta", "name: [my-mta", []string{"my-mta/target.yaml:2:1: ',' or ']' must be specified; mend the syntax"}},
		{"tab", "name: my-mta", "\tname: my-mta", []string{"my-mta/target.yaml:1:"}},
		{"unknown field", "doc: An MTA.", "docs: An MTA.", []string{
			`target.yaml:2:1: unknown field "docs"; there are name, doc, roles, clock_factor, root, `}},
		{"unknown inner field", "{smtp: 0}\ncert", "{smtp: 0}\nroot: {suit: x}\ncert", []string{`target.yaml:5:8: unknown field "suit"; there are suite, packages`}},
		{"number as key", "doc: An MTA.", "1: An MTA.", []string{"target.yaml:2:1: want a word as the key"}},
		{"same key twice", "doc: An MTA.", "doc: An MTA.\ndoc: Two.", []string{"target.yaml:3:1: ", "already defined"}},
		{"two documents", "doc: An MTA.", "---\ndoc: An MTA.", []string{"target.yaml:2:1: a second document"}},
		{"alias", "doc: An MTA.", "doc: &x An MTA.", []string{"target.yaml:2:6: anchors, aliases and tags are not read"}},
		{"merge", "doc: An MTA.", "<<: {doc: An MTA.}", []string{"target.yaml:2:1: want a word as the key"}},
		{"text for a port", "smtp: 0", "smtp: any", []string{"target.yaml:4:16: want a whole number"}},
		{"fraction for a port", "smtp: 0", "smtp: 2.5", []string{"target.yaml:4:16: want a whole number"}},
		{"text for a number", "stall_seconds: 10", `stall_seconds: "10"`, []string{"target.yaml:14:51: want a number"}},
		{"text for a truth", "foreground: true", "foreground: 1", []string{"target.yaml:10:42: want true or false"}},
		{"number for text", "path: my.conf", "path: my.conf\n    mode: 0644", []string{"target.yaml:9:11: want text; put it into quotes"}},
		{"text for a list", "roles: [receiver]", "roles: receiver", []string{"target.yaml:3:8: want a list"}},
		{"text for a mapping", "listen: {smtp: 0}", "listen: smtp", []string{"target.yaml:4:9: want keys with values"}},
		{"no value", "doc: An MTA.", "doc:", []string{"target.yaml:2:5: no value"}},
		{"no name", "name: my-mta\n", "", []string{"target.yaml:1:1: no name; give one"}},
		{"bad name", "name: my-mta", "name: ../my", []string{`target.yaml:1:1: name "../my"; want small letters`}},
		{"no doc", "doc: An MTA.\n", "", []string{"target.yaml:1:1: no doc"}},
		{"no roles", "[receiver]", "[]", []string{"target.yaml:3:1: no roles; want one or more of receiver, sender"}},
		{"unknown role", "[receiver]", "[receiver, judge]", []string{`target.yaml:3:19: unknown role "judge"; there are receiver`}},
		{"clock factor", "doc: An MTA.", "doc: An MTA.\nclock_factor: 0.5", []string{"target.yaml:3:1: clock_factor 0.5; want 1"}},
		{"address", "doc: An MTA.", "doc: An MTA.\naddress: 192.0.2.1", []string{`target.yaml:3:1: address "192.0.2.1"; want one in 127`}},
		{"ready", "doc: An MTA.", "doc: An MTA.\nready: soon", []string{`target.yaml:3:1: ready "soon"; want a time`}},
		{"no listeners", "{smtp: 0}", "{}", []string{"target.yaml:4:1: no listeners"}},
		{"unknown listener", "smtp: 0", "smtp: 0, uucp: 0", []string{`target.yaml:4:19: unknown listener "uucp"; there are smtp, submission`}},
		{"port", "smtp: 0", "smtp: 65536", []string{"target.yaml:4:10: port 65536; want 1 to 65535"}},
		{"certificate kind", "{dir: tls}", "{dir: tls, kind: stolen}", []string{`target.yaml:5:25: unknown kind "stolen"; there are valid, `}},
		{"certificate key", "{dir: tls}", "{dir: tls, key_type: dsa}", []string{`target.yaml:5:25: unknown key_type "dsa"; there are ecdsa-p256, rsa-2048`}},
		{"certificate dir", "{dir: tls}", "{}", []string{"target.yaml:5:1: no dir"}},
		{"certificate owner", "{dir: tls}", "{dir: tls, owner: mail}", []string{`target.yaml:5:25: owner "mail" needs a root`}},
		{"no template", "template: my.conf.tmpl\n    path", "path", []string{"target.yaml:7:5: no template"}},
		{"template missing", "my.conf.tmpl", "other.tmpl", []string{`target.yaml:7:5: template "other.tmpl" is no file in the target's folder`}},
		{"no path", "path: my.conf", "mode: \"0640\"", []string{"target.yaml:7:5: no path"}},
		{"absolute path", "path: my.conf", "path: /etc/my.conf", []string{`target.yaml:8:5: path "/etc/my.conf"; without a root`}},
		{"path that leads out", "path: my.conf", "path: ../my.conf", []string{`target.yaml:8:5: path "../my.conf"; without a root`}},
		{"mode", "path: my.conf", "path: my.conf\n    mode: rw", []string{`target.yaml:9:5: mode "rw"; want octal digits`}},
		{"no start", "start: {run: [my-mta, -f], foreground: true}", "version: {run: [my-mta, -v]}", []string{"target.yaml:9:1: no commands.start"}},
		{"empty command", "run: [my-mta, -f]", "run: []", []string{"target.yaml:10:11: no command"}},
		{"foreground and pid file", "doc: An MTA.", "doc: An MTA.\npid_file: x.pid", []string{"target.yaml:3:1: a foreground process needs no pid_file"}},
		{"foreground and stop", "  start:", "  stop: {run: [x]}\n  start:", []string{"target.yaml:10:3: a foreground process is ended by SIGTERM"}},
		{"daemon without pid file", ", foreground: true", "", []string{"target.yaml:10:3: no pid_file for a daemon"}},
		{"idle expression", "  start:", "  idle: {run: [q], matches: \"(\"}\n  start:", []string{"target.yaml:10:20: want a regular expression"}},
		{"no variants", goodManifest[strings.Index(goodManifest, "variants:"):], "", []string{"target.yaml:1:1: no variants"}},
		{"no default", "name: default", "name: other", []string{`target.yaml:12:5: the first variant is "other"; put the one named default first`}},
		{"variant name", "    claims:", "  - name: a/b\n    doc: B.\n    claims:", []string{`target.yaml:14:5: variant name "a/b"`}},
		{"variant twice", "    claims:", "  - name: default\n    doc: B.\n    claims:", []string{"target.yaml:14:5: variant default is there twice"}},
		{"variant without doc", "    doc: As it comes.\n", "", []string{"target.yaml:12:5: variant default has no doc"}},
		{"unknown feature", "[starttls]", "[starttls, rot13]", []string{`target.yaml:14:35: unknown feature "rot13"; there are starttls, `}},
		{"feature twice", "[starttls]", "[starttls, starttls]", []string{"target.yaml:14:35: feature starttls is claimed twice"}},
		{"stall", "stall_seconds: 10", "stall_seconds: -1", []string{"target.yaml:14:36: stall_seconds -1; want 0"}},
		{"claim without listener", "[starttls]", "[smtps]", []string{"target.yaml:14:14: variant default claims smtps without a listener smtps"}},
		{"variant listener", "    claims:", "    listen: {uucp: 0}\n    claims:", []string{`target.yaml:14:14: unknown listener "uucp"`}},
		{"variant certificate", "certificate: {dir: tls}\n", "", nil},
		{"template in a command", "-f]", `"{{.Set.x}}"]`, []string{"target.yaml:10:11: variant default: render {{.Set.x}}:1:6: ", `no entry for key "x"`}},
		{"all faults at once", "name: my-mta\ndoc: An MTA.", "address: x", []string{"1:1: no name", "1:1: no doc", "1:1: address"}},
	}
}

// variantFaults are those of roles and files of a variant.
func variantFaults() []manifestFault {
	return []manifestFault{
		{"unknown role of a variant", "    claims:", "    roles: [judge]\n    claims:", []string{`target.yaml:14:13: unknown role "judge"; there are `}},
		{"role that the target has not", "    claims:", "    roles: [receiver, sender]\n    claims:",
			[]string{"target.yaml:14:23: variant default is a sender and the target is none; add it to the target's roles"}},
		{"role twice", "    claims:", "    roles: [receiver, receiver]\n    claims:", []string{"target.yaml:14:23: role receiver is there twice"}},
		{"policies of a receiver", "stall_seconds: 10", "policies: [{name: a, level: none}]",
			[]string{"target.yaml:14:36: variant default claims policies and is no sender; add sender to its roles"}},
		{"variant's file", "    claims:", "    files: [{template: other.tmpl, path: ../x}]\n    claims:",
			[]string{`target.yaml:14:14: template "other.tmpl" is no file`, `target.yaml:14:36: path "../x"; without a root`}},
		{"template of a variant's file", "    claims:", "    files: [{template: bad.tmpl, path: x}]\n    claims:",
			[]string{"target.yaml:14:14: variant default: render my-mta/bad.tmpl:1:2: "}},
	}
}

func TestManifestFaults(t *testing.T) {
	t.Parallel()
	for _, c := range append(manifestFaults(), variantFaults()...) {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(goodManifest, c.old) {
				t.Fatalf("no %q in the good manifest", c.old)
			}
			_, err := loadText(t, strings.Replace(goodManifest, c.old, c.new, 1), map[string]string{"bad.tmpl": "{{.No}}"})
			if c.want == nil && err != nil {
				t.Error(err)
			}
			wantError(t, err, c.want...)
		})
	}
}

func TestRootManifestFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []manifestFault{
		{"suite", "suite: bookworm", `suite: "../x"`, []string{`target.yaml:4:8: suite "../x"`}},
		{"packages", "[my-mta]}\nlisten", "[]}\nlisten", []string{"target.yaml:4:25: no packages"}},
		{"package", "[my-mta]}\nlisten", `[my-mta, "a,b"]}` + "\nlisten", []string{`target.yaml:4:44: package "a,b"`}},
		{"relative path", "/etc/my.conf", "etc/my.conf", []string{`target.yaml:7:30: path "etc/my.conf"; want an absolute one`}},
		{"unclean path", "/etc/my.conf", "/etc/../../my.conf", []string{"target.yaml:7:30: path"}},
		{"owner", `"mail:mail"`, `"mail mail"`, []string{`target.yaml:7:50: owner "mail mail"; want user or user:group`}},
		{"certificate of a variant", "doc: As it comes.", "doc: As it comes., certificate: {kind: expired}", []string{
			"target.yaml:13:40: the target has no certificate to change"}},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(rootManifest, c.old) {
				t.Fatalf("no %q in the good manifest", c.old)
			}
			_, err := loadText(t, strings.Replace(rootManifest, c.old, c.new, 1), nil)
			wantError(t, err, c.want...)
		})
	}
}

func TestEmptyManifest(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "# nothing\n"} {
		_, err := loadText(t, text, nil)
		wantError(t, err, "read target my-mta: my-mta/target.yaml:1:1: no name")
	}
	_, err := loadText(t, "- a\n", nil)
	wantError(t, err, "target.yaml:1:1: want keys with values")
	_, err = Load(filepath.Join("testdata", "none"))
	wantError(t, err, "read target testdata/none: ", "a target is a folder with a target.yaml")
}

func TestTemplateFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\n{{.Lisen.smtp}}":      "my-mta/my.conf.tmpl:2:8: ",
		"a\n  {{.Listen.smtps}}":  "my-mta/my.conf.tmpl:2:11: ",
		"a\n{{if .Host}}":         "my-mta/my.conf.tmpl:2: unexpected EOF",
		"{{.Set.level}}":          `my-mta/my.conf.tmpl:1:6: executing "my-mta/my.conf.tmpl" at <.Set.level>: map has no entry for key "level"`,
		"{{.Listen.smtp.Socket}}": "my-mta/my.conf.tmpl:1:9: ",
	} {
		_, err := loadText(t, goodManifest, map[string]string{"my.conf.tmpl": text})
		wantError(t, err, "my-mta/target.yaml:7:5: variant default: render "+want)
	}
}

func TestSpec(t *testing.T) {
	t.Parallel()
	p, err := Load(filepath.Join("testdata", "fake"))
	if err != nil {
		t.Fatal(err)
	}
	s := p.Spec()
	if s.Name != "fake" || s.ClockFactor != 1 || len(s.Roles) != 1 || len(s.Variants) != 4 || len(s.Waivers) != 1 {
		t.Errorf("spec is %+v", s)
	}
	if c := s.Variants[0].Claims; !c.Has(results.FeatureSubmission) || c.StallSeconds != 2.5 {
		t.Errorf("claims are %+v", c)
	}
	s.Variants[0].Claims.Features[0] = "changed"
	if !p.Spec().Variants[0].Claims.Has(results.FeatureSubmission) {
		t.Error("a caller changed the target through its spec")
	}
}

func TestReadWaivers(t *testing.T) {
	t.Parallel()
	good := "- {case: a/b, policy: dane, variant: x, expected: 250 ok, reason: known}\n- case: c\n  expected: d\n  reason: e\n"
	waivers, err := ReadWaivers("w.yaml", []byte(good))
	if err != nil || len(waivers) != 2 || waivers[0] != (Waiver{Case: "a/b", Policy: "dane", Variant: "x", Expected: "250 ok", Reason: "known"}) {
		t.Errorf("got %+v, %v", waivers, err)
	}
	for _, text := range []string{"", "# none\n", "[]\n"} {
		if waivers, err := ReadWaivers("w.yaml", []byte(text)); err != nil || len(waivers) != 0 {
			t.Errorf("%q: got %+v, %v", text, waivers, err)
		}
	}
	for text, want := range map[string]string{
		"case: a\n": "w.yaml:1:1: want a list",
		"- {case: a, expected: b, reason: c}\n- {case: a, expected: b}\n":          "w.yaml:2:4: waiver 2 has no reason; say why",
		"- {case: a, reason: c}\n":                                                 "w.yaml:1:4: waiver 1 has no expected",
		"- {expected: a, reason: c}\n":                                             "w.yaml:1:4: waiver 1 has no case",
		"- {case: \" \", expected: b, reason: c}\n":                                "w.yaml:1:4: waiver 1 has no case",
		"- {case: a, expected: b, reason: c, until: d}\n":                          `w.yaml:1:37: unknown field "until"; there are case, policy, variant, expected, reason`,
		"- {case: a, expected: 250, reason: c}\n":                                  "w.yaml:1:23: want text; put it into quotes",
		"- {case: a, expected: b, reason: c}\n---\n- {}\n":                         "w.yaml:2:1: a second document",
		"- {case: a, expected: b, reason: c}\n- a: [\n":                            "w.yaml:2:",
		"- {case: a, expected: b, reason: c}\n-\n":                                 "w.yaml:2:3: no value",
		"- {case: a, policy: , expected: b, reason: c}\n":                          "w.yaml:1:20: no value",
		"- &a {case: a, expected: b, reason: c}\n":                                 "w.yaml:1:3: anchors",
		"- {case: a, expected: b, reason: c}\n- {case: x, expected: y, reason: \"": "w.yaml:",
	} {
		_, err := ReadWaivers("w.yaml", []byte(text))
		wantError(t, err, want)
	}
	_, err = loadText(t, goodManifest, map[string]string{WaiversFile: "- {case: a, expected: b, reason: c, variant: none}\n"})
	wantError(t, err, `my-mta/waivers.yaml:1:37: find variant "none" of target my-mta: there are default`)
}

// FuzzSpec reads arbitrary manifests: no panic, and every error has a place.
func FuzzSpec(f *testing.F) {
	seeds, err := filepath.Glob("*/target.yaml")
	more, err2 := filepath.Glob("testdata/*/target.yaml")
	if err != nil || err2 != nil || len(seeds) == 0 || len(more) == 0 {
		f.Fatalf("find seeds: %v, %v", err, err2)
	}
	for _, name := range append(seeds, more...) {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(goodManifest))
	f.Add([]byte(rootManifest))
	files := fstest.MapFS{"my.conf.tmpl": {Data: []byte("{{.Host}}")}}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, doc, err := readManifest("target.yaml", data, files)
		if err == nil {
			p := &Process{m: m, files: files, origin: "x"}
			p.tryTemplates(doc)
			p.Spec()
			err = doc.Err()
		}
		if err != nil && !strings.HasPrefix(err.Error(), "target.yaml:") {
			t.Errorf("error without its place: %v", err)
		}
	})
}
