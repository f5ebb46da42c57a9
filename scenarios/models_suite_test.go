package scenarios_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mailtls/fakes"
	"mailtls/harness"
	"mailtls/results"
)

var _ = Describe("The models of the story", Ordered, Label("models"), func() {
	met := map[[2]string]harness.Met{}

	BeforeAll(func(ctx SpecContext) {
		if os.Getenv(envTarget)+os.Getenv(envCase)+os.Getenv(envFilter) != "" {
			Skip("a target or a selection of cases was asked for")
		}
		all, err := harness.Meet(ctx, harness.Meetings(), harness.MeetOptions{Log: GinkgoWriter})
		Expect(err).NotTo(HaveOccurred())
		for _, c := range all {
			met[[2]string{c.Sender, c.Receiver}] = c
		}
	})

	DescribeTable("a message", func(sender, receiver string, t telling) {
		c, played := met[[2]string{sender, receiver}]
		Expect(played).To(BeTrue(), "nobody played it")
		AddReportEntry("answer", ReportEntryVisibilityFailureOrVerbose, c.Sentence)
		if why := t.differs(c); why != "" {
			attachTranscript(c)
			Fail(why)
		}
	}, entriesOf(theStory()))

	It("is told of every sender before every receiver, once", func() {
		told := cells(theStory())
		for pair := range met {
			Expect(told[pair]).To(HaveLen(1), "%v", pair)
		}
		Expect(told).To(HaveLen(len(met)))
	})

	It("shows what opportunistic TLS is: "+whatIsOpportunistic, func() {
		c := met[[2]string{"exchange-online", "exchange-onprem"}]
		attachTranscript(c)
		Expect(steps(c)).To(Equal([]string{
			"220 in clear", "EHLO in clear", "250 in clear", "STARTTLS in clear", "220 in clear", "handshake",
			"EHLO inside TLS", "250 inside TLS", "MAIL inside TLS", "250 inside TLS", "RCPT inside TLS", "250 inside TLS",
			"DATA inside TLS", "354 inside TLS", "message inside TLS", "250 inside TLS", "QUIT inside TLS", "221 inside TLS",
		}))
	})

	It("lets a connector be for the partner alone", func(ctx SpecContext) {
		elsewhere, err := harness.Meet(ctx, partners(), harness.MeetOptions{Domain: "elsewhere.example"})
		Expect(err).NotTo(HaveOccurred())
		Expect(elsewhere).NotTo(BeEmpty())
		for _, c := range elsewhere {
			base, _, _ := strings.Cut(c.Sender, "/")
			t := cells(theStory())[[2]string{base, c.Receiver}][0]
			Expect(t.differs(c)).To(BeEmpty())
		}
	})

	DescribeTable("a client", func(ctx SpecContext, v visit) {
		p, err := fakes.Receiver(v.receiver)
		Expect(err).NotTo(HaveOccurred())
		got, err := v.pay(ctx, p)
		Expect(err).NotTo(HaveOccurred())
		Expect(got).To(HavePrefix(v.want))
	}, visitEntries(visits()))
})

// entriesOf are the entries of a table: one a cell.
func entriesOf(all []telling) []TableEntry {
	var entries []TableEntry
	for _, t := range all {
		for i, r := range strings.Fields(t.receivers) {
			what := fmt.Sprintf("from %s to %s is %s: %s", t.sender, r, t.code, t.because)
			if i == 0 && t.asked != "" {
				what += " [" + t.asked + "]"
			}
			entries = append(entries, Entry(what, t.sender, r, t))
		}
	}
	return entries
}

// attachTranscript puts the proof of a cell into the suite's report.
func attachTranscript(c harness.Met) {
	var b bytes.Buffer
	Expect(results.WriteTranscript(&b, c.Transcript)).To(Succeed())
	AddReportEntry("transcript", ReportEntryVisibilityFailureOrVerbose, b.String())
}

// steps are what was said on the one connection of a meeting, in order.
func steps(c harness.Met) []string {
	var all []string
	for _, s := range c.Transcript.Sessions {
		if s.Leg != results.LegDeliver {
			continue
		}
		for _, e := range s.Events {
			layer := map[bool]string{false: " in clear", true: " inside TLS"}[e.Secure]
			text := strings.ToUpper(strings.TrimRight(string(e.Bytes), "\r\n"))
			switch {
			case e.Kind == results.EventTLS && strings.HasPrefix(e.Text, "handshake finished"):
				all = append(all, "handshake")
			case e.Kind != results.EventData:
			case e.From == results.Client && e.Stage == results.StageBody:
				all = append(all, "message"+layer)
			case e.From == results.Client:
				all = append(all, text[:strings.IndexAny(text+" ", " :")]+layer)
			default:
				all = append(all, text[:3]+layer)
			}
		}
	}
	return all
}

// partners are the senders with a connector, before receivers that tell every
// connector from none.
func partners() []harness.Meeting {
	return slices.DeleteFunc(harness.Meetings(), func(m harness.Meeting) bool {
		return m.Sender.Connectors == nil || !slices.Contains([]string{"tls-disabled", "tls10-only", "self-signed", "wrong-name"}, m.Receiver.Name)
	})
}
