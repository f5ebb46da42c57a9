package scenarios_test

import (
	"os"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/scenarios"
)

// claimedPolicies are those of the target as a sender; none where it is not one,
// or its variant is not, or there is no such target, which the run complains of.
func claimedPolicies() results.Claims {
	name, variant := targets.Split(targetName())
	target, err := targets.Find(name)
	if err != nil {
		return results.Claims{}
	}
	v, err := target.Spec().Variant(variant, results.RoleSender)
	if err != nil || !v.Plays(results.RoleSender) {
		return results.Claims{}
	}
	return v.Claims
}

var _ = Describe("A sending mail server", func() {
	claims := claimedPolicies()
	for _, c := range scenarios.All() {
		if c.Role != results.RoleSender {
			continue
		}
		for _, p := range c.Units(claims, selection(results.RoleSender)) {
			labels := c.Labels()
			under := ""
			if p.Name != "" {
				labels, under = append(labels, "policy:"+p.Name), "@"+p.Name
			}
			It(c.Title+" ["+c.ID+under+"]", Label(labels...), func() { holdsUp(results.RoleSender, c.ID, p.Name) })
		}
	}
})

// The matrix of the reference, by hand. A policy stands for a class of falling
// back: may for those that wait and then go in clear, may-clear-new for those that
// do so at once on a new connection, may-never for those that never do once the
// go-ahead was given, may-mixed for those that do so where the handshake fails or
// is reset and not where it is closed or silent, and may-no-clear for those that
// wait where STARTTLS is put off.
var matrixPolicies = strings.Fields("none  may  may-clear-new  may-never  may-mixed  may-no-clear  may-tls12  encrypt  encrypt-bounce  encrypt-tls12  verify")

var _ = DescribeTable("The policy matrix of the reference sender", Label("role:sender", scenarios.LabelCell),
	func(profile, codes string) {
		if targetName() != "reference" && targetName() != "reference/sender" || judged[results.RoleSender] == nil {
			Skip("it is the reference's")
		}
		want := strings.Fields(codes)
		Expect(want).To(HaveLen(len(matrixPolicies)))
		matrix := results.NewMatrix(judged[results.RoleSender].report).Targets[0]
		wrong, compared := []string{}, 0
		for i, policy := range matrixPolicies {
			cell, found := matrix.Cell(policy, profile)
			if !found {
				continue
			}
			compared++
			if cell.Code != results.FateCode(want[i]) || cell.Leaked != 0 {
				wrong = append(wrong, policy+": want "+want[i]+", got "+string(cell.Code)+" "+cell.Why)
			}
		}
		if compared == 0 && os.Getenv(envCase)+os.Getenv(envFilter)+os.Getenv(envPolicy) != "" {
			Skip("not selected")
		}
		Expect(compared).NotTo(BeZero(), "no case puts a sender before "+profile)
		Expect(wrong).To(BeEmpty())
	},
	//                                               none  may clear never mixed no-clear tls12  encrypt bounce tls12 verify
	Entry("good certificate", "opportunistic", "     P     T13 T13   T13   T13   T13      T13    T13     T13    T13   T13"),
	Entry("STARTTLS not offered", "tls-disabled", "  P     Pc  Pc    Pc    Pc    Pc       Pc     D       D      D     D"),
	Entry("STARTTLS put off", "starttls-454", "      P     Pc  Pc    D     Pc    D        Pc     D       D      D     D"),
	Entry("STARTTLS refused", "starttls-554", "      P     Pc  Pc    Pc    Pc    Pc       Pc     D       B      D     D"),
	Entry("TLS 1.0 only", "tls10-only", "            P     T10 T10   T10   T10   T10      Pd     T10     T10    D     D"),
	Entry("TLS 1.1 only", "tls11-only", "            P     T11 T11   T11   T11   T11      Pd     T11     T11    D     D"),
	Entry("TLS 1.2 only", "tls12-only", "            P     T12 T12   T12   T12   T12      T12    T12     T12    T12   T12"),
	Entry("TLS 1.3 only", "tls13-only", "            P     T13 T13   T13   T13   T13      T13    T13     T13    T13   T13"),
	Entry("self-signed", "self-signed", "            P     T13 T13   T13   T13   T13      T13    T13     T13    T13   D"),
	Entry("expired", "expired", "                    P     T13 T13   T13   T13   T13      T13    T13     T13    T13   D"),
	Entry("wrong name", "wrong-name", "              P     T13 T13   T13   T13   T13      T13    T13     T13    T13   D"),
	Entry("unknown CA", "unknown-ca", "              P     T13 T13   T13   T13   T13      T13    T13     T13    T13   D"),
	Entry("silent after 220", "silent-after-220", "  P     Pd  Pn    D     D     Pd       Pd     D       D      D     D"),
	Entry("reset after 220", "reset-after-220", "    P     Pd  Pn    D     Pn    Pd       Pd     D       D      D     D"),
	Entry("closed after 220", "fin-after-220", "     P     Pd  Pn    D     D     Pd       Pd     D       D      D     D"),
	Entry("garbage after 220", "garbage-after-220", "P     Pd  Pn    D     Pn    Pd       Pd     D       D      D     D"),
	Entry("alert after 220", "alert-after-220", "    P     Pd  Pn    D     Pn    Pd       Pd     D       D      D     D"),
	Entry("requires TLS", "tls12-required", "        B     T13 T13   T13   T13   T13      T13    T13     T13    T13   T13"),
	Entry("closed inside TLS", "fin-at-ehlo", "      P     Pd  Pn    D     D     Pd       Pd     D       D      D     D"),
	Entry("weak suites only", "3des-only", "         P     Pd  Pn    D     Pn    Pd       Pd     D       D      D     D"),
)

// The reference is honest: it meets what SHOULD be met too, and nothing is left
// undecided.
var _ = It("is the reference, and meets every case under every policy", Label("role:sender"), func() {
	if targetName() != "reference" && targetName() != "reference/sender" || judged[results.RoleSender] == nil {
		Skip("it is the reference's")
	}
	var short []string
	for _, c := range judged[results.RoleSender].report.Cases {
		switch c.Status {
		case results.StatusPass, results.StatusInfo, results.StatusNA, results.StatusPending, results.StatusSkip:
		default:
			short = append(short, string(c.Status)+" "+c.Key()+": "+c.Reason+" "+c.Got)
		}
	}
	Expect(short).To(BeEmpty())
})

// The columns above are policies of the reference.
var _ = It("has a column only for policies that the reference has", func() {
	v, err := targets.Reference().Spec().Variant("", results.RoleSender)
	Expect(err).NotTo(HaveOccurred())
	for _, name := range matrixPolicies {
		Expect(slices.ContainsFunc(v.Claims.Policies, func(p results.SenderPolicy) bool { return p.Name == name })).To(BeTrue(), name)
	}
})
