// Package targets knows the software under test: what a target is, how each one
// is started and stopped, and what it claims of itself.
//
// It sits between the peers and the harness. It plays no case and judges
// nothing. Real mail servers are mostly data: one folder a vendor with a
// target.yaml, configuration templates and waivers; the same kind of folder
// may lie anywhere on disk. A target that cannot run on this machine says why
// (Available) and is skipped with that reason.
//
// # A target's folder
//
// The smallest target.yaml is that of a server which a project has just built,
// and which stays in the foreground:
//
//	name: my-mta
//	doc: The build of this commit.
//	roles: [receiver]
//	listen: {smtp: 0}
//	certificate: {dir: tls}
//	files:
//	  - {template: my-mta.conf.tmpl, path: my-mta.conf}
//	commands:
//	  start: {run: [./bin/my-mta, -c, "{{.Dir}}/my-mta.conf"], foreground: true}
//	variants:
//	  - name: default
//	    doc: STARTTLS offered, TLS 1.2 and up.
//	    claims: {features: [starttls, public-mx, modern, readback], stall_seconds: 300}
//
// The fields, all of them:
//
//	name, doc, roles     what it is; the name is small letters, digits and dashes
//	clock_factor         how much its queue clock is shortened; 1 when left out
//	root                 {suite, packages}: a Debian root to run in; left out for software of this machine
//	address, listen      where it listens: one address, and a port a listener, 0 for a free one
//	certificate          {kind, key_type, dir, owner}: made for each start; server.pem, server.key and ca.pem go to dir
//	files                [{template, path, mode, owner}]: written before each start
//	commands             version, prepare (a list), start, stop, idle: each {run, stdin}; start also foreground, idle matches
//	pid_file             of the daemon that start leaves, when it is not foreground
//	log_file             that the software writes; quoted in errors
//	ready                how long until its listeners answer at the most; 10s when left out
//	set                  values for the templates
//	variants             [{name, doc, roles, claims, listen, certificate, files, prepare, set}], default first
//
// Templates, in files and in commands, see .Host, .Domain, .Collector.Host and
// .Port, .Listen.NAME.Host and .Port, .Cert, .Key, .CA, .User, .Password,
// .Set.NAME, .Dir (what relative paths are below) and .Folder (where target.yaml
// lies). All of them are tried for every variant when the target is read.
//
// # A sender
//
// A variant with roles: [sender] takes mail for anybody from .Submitter, and
// finds MX hosts by asking .Resolver, port 53. Its claims have policies
// (results.SenderPolicy); mail for CASE.POLICY.DOMAIN is sent under POLICY, all
// of them by one running target. The certificates of MX hosts lead to what
// .PeerRoots names, peers.pem beside ca.pem. A variant's files take the place of
// the target's with the same path. Bounces come as notifications to the MX host
// of the envelope sender's domain.
//
// Why Debian roots entered with plain chroot (2026-11): mail servers exclude
// each other as packages, and this way they need no container, no mount and no
// namespace, only root's rights. The post-install scripts have run inside, so
// that users, spool folders and modes are right. Roots lie in the user's cache
// folder, outlive a run, and belong to one mailtls at a time.
//
// Why a daemon that was left behind is only ended when it runs inside our root
// (2026-11): its pid file may be older than whatever process has that number
// now.
package targets
