package harness

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/sender"
	"mailtls/results"
	"mailtls/scenarios"
)

// fenceMark follows the canary in the recipient of a fence.
const fenceMark = "-fence"

// unit is one case being played: its fresh names and address, and what was seen.
type unit struct {
	scenarios.Case
	// canary marks everything that belongs to it.
	canary string
	// domain is its own, from its own address.
	domain string
	from   netip.Addr
	// began is when it began, since the run did.
	began time.Duration
	start time.Time

	// tickets are the stores of TLS sessions that its dialogues share, by name.
	tickets map[string]*sender.Tickets

	transcript results.Transcript
	// sessions of the transcript so far.
	sessions int
	// file is where the transcript is stored, relative to the report.
	file string
	took time.Duration

	// Of a sender: the policy it is played under, those of its domains, its hosts,
	// and the messages that were submitted. The transcript and these are guarded by
	// the mailroom's lock while peers stand.
	policy   results.SenderPolicy
	policies map[string]results.SenderPolicy
	hosts    []*mx
	// changed is closed and replaced whenever something arrives.
	changed chan struct{}
	mails   []*mail
	// talking is how many connections to its hosts are open.
	talking int

	// What the ledger knows; guarded by its lock.
	fenced   bool
	pending  int
	readback []readback
}

// addresses hands out source addresses inside 127/8, none of them twice: senders
// and receivers remember whom they talked to.
type addresses struct {
	base uint32
	next atomic.Uint32
}

// newAddresses begins at a random place, so that runs against one long-lived
// target do not meet either.
func newAddresses() *addresses {
	var b [2]byte
	_, _ = rand.Read(b[:])
	return &addresses{base: 127<<24 | 64<<16 | uint32(b[0]&63)<<16 | uint32(b[1])<<8}
}

// take returns the next address, never one that ends in 0 or 255.
func (a *addresses) take() netip.Addr {
	n := a.next.Add(1) - 1
	ip := a.base + n/254<<8 + n%254 + 1
	return netip.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)})
}

// newCanary is a mark of 12 letters and digits that nothing else contains.
func newCanary() string { return strings.ToLower(rand.Text()[:12]) }

// vars fill in the scripts of a unit; fence is true for the ordinary message
// after the stimulus.
func (u *unit) vars(w *world, fence bool) fakes.Vars {
	local, helo := u.canary, "c-"+u.canary
	if fence {
		local, helo = u.canary+fenceMark, "f-"+u.canary
	}
	v := fakes.Vars{
		"canary": u.canary,
		"helo":   helo + "." + senderDomain,
		"helo2":  "t-" + u.canary + "." + senderDomain,
		"from":   local + "@" + u.domain + "." + senderDomain,
		"rcpt":   local + "@" + w.recipientDomain(u),

		"partner": fakes.PartnerDomain,
		// hidden is the recipient of a message that stands inside another.
		"hidden": local + scenarios.HiddenMark + "@" + w.recipientDomain(u),

		"auth-plain": base64.StdEncoding.EncodeToString([]byte("\x00" + w.user + "\x00" + w.password)),
		"user":       w.user,
		"password":   w.password,
		"auth-login": base64.StdEncoding.EncodeToString([]byte(w.user)),
	}
	v["head"] = head(v, local, u.start)
	v["head-size"] = strconv.Itoa(len(v["head"]))
	v["message"] = v["head"] + "This message belongs to a test of TLS on mail paths: " + local + "."
	v["message-size"] = strconv.Itoa(len(v["message"]))
	return v
}

// recipientDomain is a domain of the case's own where the target takes mail for
// every subdomain, and the target's only one else.
func (w *world) recipientDomain(u *unit) string {
	if w.running.Domain != "" {
		return w.running.Domain
	}
	return u.domain + "." + w.domain
}

// senderDomain is the parent of every name that our sending peers go by.
const senderDomain = "sender.mailtls.example"

// head is the header of an ordinary message (RFC 5322) with the empty line behind
// it; the canary is in the header, and in the body of ordinary messages too.
func head(v fakes.Vars, local string, at time.Time) string {
	return fmt.Sprintf("From: <%s>\r\nTo: <%s>\r\nSubject: mailtls %s\r\nDate: %s\r\nMessage-ID: <%s@%s>\r\n\r\n",
		v["from"], v["rcpt"], local, at.Format(time.RFC1123Z), local, senderDomain)
}
