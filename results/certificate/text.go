package certificate

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"mailtls/results"
)

// WriteText writes certificate.txt: the certificate for people, its Files aside.
// Equal certificates give equal bytes.
func WriteText(w io.Writer, c *Certificate) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "CERTIFICATE of what was found of the TLS of %s %s\n\n", shown(c.Subject.Product), shown(c.Subject.Version))
	for _, a := range c.Profiles {
		writeAchieved(&b, a)
	}
	fmt.Fprintf(&b, "\n%d bytes leaked, %d sessions that fit no case, %d cases executed\n\n", c.Leaked, c.Unattributed, c.Executed)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, l := range c.lines() {
		if l.text != "" {
			fmt.Fprintf(t, "%s\t%s\n", l.name, shown(l.text))
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write certificate: %w", err)
	}
	b.WriteString("\nhow to reproduce\n")
	for line := range strings.Lines(strings.TrimSpace(c.Subject.Reproduce)) {
		fmt.Fprintf(&b, "  %s\n", shown(strings.TrimRight(line, "\r\n")))
	}
	fmt.Fprintf(&b, "\nIt is verified by mailtls verify-certificate with the signer's public key, which is to come from the signer and not\nwith this folder.\n")
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write certificate: %w", err)
	}
	return nil
}

// mostAgainst are how many reasons the text shows of one profile; all are in the
// document.
const mostAgainst = 20

func writeAchieved(b *bytes.Buffer, a Achieved) {
	fmt.Fprintf(b, "%-8s %s: %d of %d required cases hold, %d more need what is not claimed\n", strings.ToUpper(string(a.Result)), a.Profile, a.Held, a.Required, a.NotAsked)
	if a.ID != "" {
		fmt.Fprintf(b, "         %s\n", a.ID)
	}
	if a.Policies != nil {
		fmt.Fprintf(b, "         judged under %s\n", shown(strings.Join(a.Policies, ", ")))
	}
	for i, why := range a.Against {
		if i == mostAgainst {
			fmt.Fprintf(b, "         and %d more: see %s\n", len(a.Against)-i, DocumentFile)
			break
		}
		fmt.Fprintf(b, "         %s\n", shown(why))
	}
}

// named is a line of the text.
type named struct{ name, text string }

func (c *Certificate) lines() []named {
	s := c.Subject
	lines := []named{
		{"organisation", s.Organisation}, {"product", s.Product + " " + s.Version}, {"build", s.Build}, {"system", s.OS},
		{"TLS", s.TLSLibrary + " " + s.TLSVersion}, {"roles", either(s.Roles)}, {"deployment", s.Deployment}, {"contact", s.Contact},
	}
	for _, f := range s.Configuration {
		text := f.Name + " sha256:" + f.SHA256
		if f.Copy != "" {
			text += ", redacted copy: " + f.Copy
		}
		lines = append(lines, named{"configuration", text})
	}
	if d := s.Sender; d != nil {
		lines = append(lines, d.lines()...)
	}
	lines = append(lines,
		named{"target", strings.TrimSpace(c.Target.String() + " " + c.Target.Version)}, named{"judged as", either(c.Roles)}, named{"claims", joined(c.Claims.Features)},
	)
	for _, p := range c.Claims.Policies {
		lines = append(lines, named{"policy", policyText(p)})
	}
	return append(lines,
		named{"run", fmt.Sprintf("%s, %s long", c.Started.UTC().Format(time.RFC3339), time.Duration(c.Elapsed*float64(time.Second)).Round(time.Second))},
		named{"clock", clockText(c.ClockFactor)},
		named{"issued", c.Issued.UTC().Format(time.RFC3339)},
		named{"catalogue", c.Catalogue.Line + " sha256:" + c.Catalogue.SHA256},
		named{"made by", fmt.Sprintf("%s %s, commit %s, %s", c.Tool.Name, c.Tool.Version, c.Tool.Commit, c.Tool.Go)},
	)
}

// clockText says how the target's queue clock went; empty when as ever.
func clockText(factor float64) string {
	if factor <= 1 {
		return ""
	}
	return fmt.Sprintf("the target's queue clock was shortened %g times", factor)
}

func (s Sending) lines() []named {
	class := string(s.Class)
	if s.Class == ClearLater {
		class += fmt.Sprintf(" after %g s", s.ClearDelaySeconds)
	}
	return []named{
		{"declares", "opportunistic class " + class + "; after STARTTLS refused for good: " + string(s.After5xx)},
		{"", fmt.Sprintf("retries after %v s, queue lifetime %g s, STARTTLS timeout %g s", s.RetrySeconds, s.LifetimeSeconds, s.StartTLSSeconds)},
	}
}

// policyText is a policy in a line.
func policyText(p results.SenderPolicy) string {
	text := p.Name + ": " + string(p.Level)
	if p.Verify != results.VerifyNone {
		text += ", verifies " + string(p.Verify)
	}
	if p.Floor != "" || p.Ceiling != "" {
		text += fmt.Sprintf(", TLS %s to %s", p.Floor, p.Ceiling)
	}
	var classes []string
	for _, t := range results.Triggers() {
		if r, says := p.Fallback[t]; says {
			classes = append(classes, string(t)+" "+string(r))
		}
	}
	if classes != nil {
		text += "; " + strings.Join(classes, ", ")
	}
	return text
}

// joined is a list in alphabetic order.
func joined(features []results.Feature) string {
	var words []string
	for _, f := range features {
		words = append(words, string(f))
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// shown makes a text of others safe to show: what is not printable is escaped.
func shown(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			q := strconv.QuoteRune(r) // such as '\x1b'
			b.WriteString(q[1 : len(q)-1])
		}
	}
	return b.String()
}
