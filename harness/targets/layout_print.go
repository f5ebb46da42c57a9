package targets

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"mailtls/results"
)

// LayoutFormats are the ways in which a layout is printed.
func LayoutFormats() []string { return []string{"table", "resolver", "postfix", "exim", "exchange"} }

// Print writes what the owner of the sender configures, in a format of
// LayoutFormats. The policies are those that the sender claims.
func (l *Layout) Print(w io.Writer, format string, policies []results.SenderPolicy) error {
	p := &layoutPrinter{Layout: l}
	for _, policy := range policies {
		if slices.ContainsFunc(l.Units, func(u LayoutUnit) bool { return u.Policy == policy.Name }) {
			p.policies = append(p.policies, policy)
		}
	}
	write, found := map[string]func(){
		"table": p.table, "resolver": p.resolver, "postfix": p.postfix, "exim": p.exim, "exchange": p.exchange,
	}[format]
	if !found {
		return fmt.Errorf("print wiring as %q: there are %s", format, strings.Join(LayoutFormats(), ", "))
	}
	if format == "resolver" && l.Resolver == "" {
		return fmt.Errorf("print wiring as resolver: it was made without one; see --dns")
	}
	write()
	if _, err := w.Write(p.out.Bytes()); err != nil {
		return fmt.Errorf("print wiring: %w", err)
	}
	return nil
}

// layoutPrinter gathers the lines.
type layoutPrinter struct {
	*Layout
	policies []results.SenderPolicy
	out      bytes.Buffer
}

func (p *layoutPrinter) line(format string, args ...any) { fmt.Fprintf(&p.out, format+"\n", args...) }

// root is the file of the root that the hosts' certificates lead to.
func (p *layoutPrinter) root() string { return filepath.Join(p.Authority, "root.pem") }

// hosts visits every host that takes mail for a domain, once.
func (p *layoutPrinter) hosts(visit func(LayoutHost, results.SenderPolicy)) {
	seen := map[LayoutHost]bool{}
	for _, u := range p.Units {
		for _, h := range u.Hosts {
			i := slices.IndexFunc(p.policies, func(s results.SenderPolicy) bool { return s.Name == h.Policy })
			if i >= 0 && !seen[h] {
				seen[h] = true
				visit(h, p.policies[i])
			}
		}
	}
}

// comment is a line about some of the policies; none without any.
func (p *layoutPrinter) comment(about func(results.SenderPolicy) bool, format string, args ...any) {
	var names []string
	for _, s := range p.policies {
		if about(s) {
			names = append(names, s.Name)
		}
	}
	if names != nil {
		p.line("# %s: "+format, append([]any{strings.Join(names, ", ")}, args...)...)
	}
}

func loginIn(s results.SenderPolicy) bool { return s.Credentials }
func reusing(s results.SenderPolicy) bool { return s.Reuse }
func verified(s results.SenderPolicy) bool {
	return s.Verify != results.VerifyNone
}

// table is for every sender that is not among the others.
func (p *layoutPrinter) table() {
	t := tabwriter.NewWriter(&p.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "DOMAIN\tPOLICY\tPREFERENCE\tHOST\tAT")
	p.hosts(func(h LayoutHost, s results.SenderPolicy) {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\n", h.Domain, s.Name, h.Preference, h.Name, h.At)
	})
	notices := p.Collector
	if notices == "" {
		notices = p.Units[0].Hosts[0].At
	}
	_, _ = fmt.Fprintf(t, "*.%s\t-\t0\tcollector.%s\t%s\n", p.SenderDomain, p.SenderDomain, notices)
	_ = t.Flush() // a buffer takes everything
}

// resolver says whom the sender's resolver asks.
func (p *layoutPrinter) resolver() {
	at := netip.MustParseAddrPort(p.Resolver) // it was read when the layout was
	if at.Port() == 53 {
		p.line("# /etc/resolv.conf of the sender, or what follows for its resolver")
		p.line("nameserver %s", at.Addr())
	}
	p.line("# unbound.conf")
	p.line("server:\n  do-not-query-localhost: no\n  domain-insecure: %q\n  domain-insecure: %q\n  local-zone: \"test.\" nodefault", p.Domain+".", p.SenderDomain+".")
	for _, zone := range []string{p.Domain, p.SenderDomain} {
		p.line("forward-zone:\n  name: %q\n  forward-addr: %s@%d", zone+".", at.Addr(), at.Port())
	}
}

// bracketed is an address as Postfix has it for a next hop.
func bracketed(at string) string {
	a, err := netip.ParseAddrPort(at)
	if err != nil {
		return at
	}
	if a.Addr().Is6() {
		return fmt.Sprintf("[ipv6:%s]:%d", a.Addr(), a.Port())
	}
	return fmt.Sprintf("[%s]:%d", a.Addr(), a.Port())
}

// postfix has a transport map where there is no resolver, and policies.
func (p *layoutPrinter) postfix() {
	p.line("# main.cf")
	if p.Resolver == "" {
		p.line("transport_maps = texthash:/etc/postfix/mailtls-transport")
	}
	p.line("smtp_tls_policy_maps = texthash:/etc/postfix/mailtls-policies")
	p.comment(verified, "smtp_tls_CAfile has the root in %s", p.root())
	p.comment(loginIn, "smtp_sasl_password_maps has the login of the claims")
	p.comment(reusing, "a transport with smtp_tls_connection_reuse = yes")
	p.comment(func(s results.SenderPolicy) bool { return s.Verify == results.VerifyChain }, "verify stands for it: a certificate without a name to look at is not to be had")
	if p.Resolver != "" {
		p.line("# /etc/postfix/mailtls-policies")
		for _, s := range p.policies {
			p.line(".%s.%s %s", s.Name, p.Domain, postfixLevel(s, "hostname", "nexthop:dot-nexthop"))
		}
		p.line(".%s may", p.SenderDomain)
		return
	}
	p.line("# /etc/postfix/mailtls-transport")
	p.hosts(func(h LayoutHost, _ results.SenderPolicy) { p.line("%s smtp:%s", h.Domain, bracketed(h.At)) })
	if p.Collector != "" {
		p.line(".%s smtp:%s", p.SenderDomain, bracketed(p.Collector))
	} else {
		p.hosts(func(h LayoutHost, _ results.SenderPolicy) { p.line("%s smtp:%s", p.noticesFor(h), bracketed(h.At)) })
	}
	p.line("# /etc/postfix/mailtls-policies")
	if p.OneByOne && len(p.policies) > 1 {
		p.line("# One next hop has one policy: use one of these lines, and --policy with it.")
	}
	seen := map[string]bool{}
	p.hosts(func(h LayoutHost, s results.SenderPolicy) {
		line := fmt.Sprintf("%s %s", bracketed(h.At), postfixLevel(s, h.Name, h.Domain))
		if !seen[line] {
			seen[line] = true
			p.line("%s", line)
		}
	})
}

// noticesFor is the domain that notifications about mail for a host go to.
func (p *layoutPrinter) noticesFor(h LayoutHost) string {
	return strings.TrimSuffix(h.Domain, p.Domain) + p.SenderDomain
}

// postfixLevel is the right side of a line of smtp_tls_policy_maps.
func postfixLevel(s results.SenderPolicy, host, nextHop string) string {
	level := "may"
	switch {
	case s.Level == results.LevelNone:
		return "none"
	case s.Verify == results.VerifyNextHop:
		level = "secure match=" + nextHop
	case s.Verify != results.VerifyNone:
		level = "verify match=" + host
	case s.Level == results.LevelMandatory:
		level = "encrypt"
	}
	var protocols []string
	for _, bound := range []struct{ sign, version, always string }{{">=", s.Floor, "1.0"}, {"<=", s.Ceiling, "1.3"}} {
		if bound.version != "" && bound.version != bound.always {
			protocols = append(protocols, bound.sign+"TLSv"+strings.TrimSuffix(bound.version, ".0"))
		}
	}
	if protocols != nil {
		level += " protocols=" + strings.Join(protocols, ":")
	}
	return level
}

// exim has a router and a transport a policy.
func (p *layoutPrinter) exim() {
	p.line("# Routers, before all others")
	for _, s := range p.policies {
		p.line("mailtls_%s:", eximName(s.Name))
		p.eximRoute()
		p.line("  domains = *.%s.%s\n  self = send\n  transport = mailtls_%s\n  no_more\n", s.Name, p.Domain, eximName(s.Name))
	}
	if p.Collector != "" || p.Resolver == "" {
		p.line("mailtls_notices:")
		p.eximRoute()
		p.line("  domains = *.%s\n  self = send\n  transport = mailtls_notices\n  no_more\n", p.SenderDomain)
	}
	p.line("# Transports")
	for _, s := range append(slices.Clone(p.policies), results.SenderPolicy{Name: "notices", Level: results.LevelOpportunistic}) {
		p.eximTransport(s)
	}
	p.comment(loginIn, "an authenticator with the login of the claims")
	p.comment(func(s results.SenderPolicy) bool { return s.Verify == results.VerifyNextHop }, "the name of the host stands for that of the domain, which is not looked at")
	if p.Resolver != "" {
		return
	}
	p.line("# /etc/exim4/mailtls-routes")
	p.hosts(func(h LayoutHost, s results.SenderPolicy) {
		p.line("%s: %s", h.Domain, eximHost(h, s))
		if p.Collector == "" {
			p.line("%s: %s", p.noticesFor(h), eximHost(h, results.SenderPolicy{}))
		}
	})
	if p.Collector != "" {
		p.line("*.%s: %s", p.SenderDomain, eximHost(LayoutHost{At: p.Collector}, results.SenderPolicy{}))
	}
	if slices.ContainsFunc(p.policies, verified) {
		p.line("# /etc/hosts")
		p.hosts(func(h LayoutHost, s results.SenderPolicy) {
			if verified(s) {
				p.line("%s %s", netip.MustParseAddrPort(h.At).Addr(), h.Name)
			}
		})
	}
}

// eximRoute is how a router finds hosts.
func (p *layoutPrinter) eximRoute() {
	if p.Resolver != "" {
		p.line("  driver = dnslookup")
		return
	}
	p.line("  driver = manualroute\n  route_data = ${lookup{$domain}wildlsearch{/etc/exim4/mailtls-routes}}")
}

// eximName is a policy's name as a router or transport has it.
func eximName(policy string) string { return strings.ReplaceAll(policy, "-", "_") }

// eximHost is a host in a route: by name where its certificate is looked at.
func eximHost(h LayoutHost, s results.SenderPolicy) string {
	a := netip.MustParseAddrPort(h.At)
	switch {
	case verified(s):
		return fmt.Sprintf("%s::%d", h.Name, a.Port())
	case a.Addr().Is6():
		return "<; " + a.String()
	}
	return fmt.Sprintf("%s::%d", a.Addr(), a.Port())
}

// eximTransport is the transport of a policy.
func (p *layoutPrinter) eximTransport(s results.SenderPolicy) {
	p.line("mailtls_%s:\n  driver = smtp\n  allow_localhost", eximName(s.Name))
	if !s.Reuse {
		p.line("  connection_max_messages = 1")
	}
	switch s.Level {
	case results.LevelNone:
		p.line("  hosts_avoid_tls = *")
	case results.LevelMandatory:
		p.line("  hosts_require_tls = *")
	case results.LevelOpportunistic:
		if s.Fallback[results.TriggerRefused4xx] == results.ReactDefer {
			p.line("  tls_tempfail_tryclear = false")
		}
	}
	if s.Verify == results.VerifyNone {
		p.line("  tls_try_verify_hosts = :")
	} else {
		p.line("  tls_verify_hosts = *\n  tls_verify_certificates = %s", p.root())
		p.line("  tls_verify_cert_hostnames = %s", map[bool]string{true: ":", false: "*"}[s.Verify == results.VerifyChain])
	}
	if s.Credentials {
		p.line("  hosts_try_auth = *")
	}
	if i := slices.Index([]string{"1.0", "1.1", "1.2", "1.3"}, s.Floor); i > 0 {
		p.line("  # GnuTLS; for OpenSSL: openssl_options\n  tls_require_ciphers = NORMAL:-VERS-ALL:%s", strings.Join([]string{"+VERS-TLS1.1", "+VERS-TLS1.2", "+VERS-TLS1.3"}[i-1:], ":"))
	}
	p.line("")
}

// exchange has a send connector a policy, or a domain where there is no resolver.
func (p *layoutPrinter) exchange() {
	p.comment(verified, "import the root in %s into the machine's trusted roots", p.root())
	p.comment(loginIn, "add -SmartHostAuthMechanism BasicAuth -AuthenticationCredential with the login of the claims")
	if p.Resolver != "" {
		p.comment(func(s results.SenderPolicy) bool { return s.Verify == results.VerifyMXName }, "the name of the domain stands for that of the host, which is not looked at")
		for _, s := range p.policies {
			p.line("New-SendConnector -Name \"mailtls %s\" -AddressSpaces \"SMTP:*.%s.%s;1\" -DNSRoutingEnabled $true%s", s.Name, s.Name, p.Domain, exchangeTLS(s, ""))
		}
		return
	}
	n := 0
	connector := func(space, at, options string) {
		n++
		a := netip.MustParseAddrPort(at)
		p.line("New-SendConnector -Name \"mailtls %d\" -AddressSpaces \"SMTP:%s;1\" -DNSRoutingEnabled $false -SmartHosts \"%s\" -Port %d%s",
			n, space, a.Addr(), a.Port(), options)
	}
	p.hosts(func(h LayoutHost, s results.SenderPolicy) {
		connector(h.Domain, h.At, exchangeTLS(s, cmp.Or(map[results.Verify]string{results.VerifyMXName: h.Name}[s.Verify], h.Domain)))
		if p.Collector == "" {
			connector(p.noticesFor(h), h.At, "")
		}
	})
	if p.Collector != "" {
		connector("*."+p.SenderDomain, p.Collector, "")
	}
}

// exchangeTLS are the options of a connector that make it a policy; name is what
// the certificate is for, the recipient's domain when empty.
func exchangeTLS(s results.SenderPolicy, name string) string {
	switch {
	case s.Level == results.LevelNone:
		return " -IgnoreSTARTTLS $true"
	case s.Level == results.LevelOpportunistic:
		return ""
	case s.Verify == results.VerifyNone:
		return " -RequireTLS $true -TlsAuthLevel EncryptionOnly"
	case s.Verify == results.VerifyChain:
		return " -RequireTLS $true -TlsAuthLevel CertificateValidation"
	case name == "":
		return " -RequireTLS $true -TlsAuthLevel DomainValidation"
	}
	return fmt.Sprintf(" -RequireTLS $true -TlsAuthLevel DomainValidation -TlsDomain %q", name)
}
