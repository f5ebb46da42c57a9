package dns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	miekg "github.com/miekg/dns"
)

const (
	headerSize = 12
	// ourUDPSize is the largest answer over UDP, whatever the client would take.
	ourUDPSize = 1232
	// longestText bounds the short content of an answer in a report.
	longestText = 200
)

// reply is what becomes of one packet.
type reply struct {
	// packet is the answer; nil is none.
	packet []byte
	// delay before it is sent.
	delay time.Duration
	// name and kind of the question, empty when there was none to be read, and a
	// short account of the answer.
	name, kind, text string
}

// answer decides what becomes of a packet.
func (z *Zone) answer(packet []byte, udp bool) reply {
	if len(packet) < headerSize {
		return reply{text: fmt.Sprintf("dropped: %d bytes are no message", len(packet))}
	}
	var asked miekg.Msg
	err := asked.Unpack(packet)
	if isResponse := packet[2]&0x80 != 0; isResponse {
		return reply{text: "dropped: not a question"}
	}
	if err != nil {
		return refuse(packet, miekg.RcodeFormatError, err)
	}
	if asked.Opcode != miekg.OpcodeQuery {
		return refuse(packet, miekg.RcodeNotImplemented, fmt.Errorf("opcode %d", asked.Opcode))
	}
	if len(asked.Question) != 1 {
		return refuse(packet, miekg.RcodeFormatError, fmt.Errorf("%d questions", len(asked.Question)))
	}
	return z.query(&asked, udp)
}

// refuse answers a message that holds no question for a zone; nothing but its
// header is used.
func refuse(packet []byte, rcode int, reason error) reply {
	var m miekg.Msg
	m.Id = binary.BigEndian.Uint16(packet)
	m.Response = true
	m.Opcode = int(packet[2]>>3) & 0xf
	m.RecursionDesired = packet[2]&1 != 0
	m.Rcode = rcode
	return pack(&m, reply{text: miekg.RcodeToString[rcode] + " " + strings.TrimPrefix(reason.Error(), "dns: ")})
}

// query answers a message with one question.
func (z *Zone) query(asked *miekg.Msg, udp bool) reply {
	q := asked.Question[0]
	r := reply{name: key(q.Name), kind: miekg.Type(q.Qtype).String()}
	m := new(miekg.Msg).SetReply(asked)
	m.RecursionAvailable = true
	opt := asked.IsEdns0()
	if opt != nil {
		m.SetEdns0(ourUDPSize, opt.Do())
	}
	f := finding{}
	switch {
	case opt != nil && opt.Version() != 0:
		f.rcode = miekg.RcodeBadVers
	case q.Qclass != miekg.ClassINET, meta(q.Qtype) && q.Qtype != miekg.TypeANY:
		f.rcode = miekg.RcodeRefused
	default:
		f = z.find(question{name: q.Name, kind: q.Qtype, udp: udp})
	}
	r.delay = f.delay
	if f.act == Silence {
		r.text = "dropped"
		return r
	}
	m.Rcode, m.Answer, m.Ns = f.rcode, f.records, f.authority
	for _, rr := range m.Answer {
		if key(rr.Header().Name) == r.name {
			rr.Header().Name = q.Name // with its letters in the case that was asked for
		}
	}
	wantsAD := asked.AuthenticatedData || opt != nil && opt.Do()
	answered := m.Rcode == miekg.RcodeSuccess || m.Rcode == miekg.RcodeNameError
	m.AuthenticatedData = f.secure && wantsAD && answered
	m.Truncated = f.act == Truncate
	m.Truncate(sizeFor(opt, udp))
	m.Compress = true
	r.text = describe(m)
	return pack(m, r)
}

// sizeFor is the longest answer that may be sent.
func sizeFor(opt *miekg.OPT, udp bool) int {
	switch {
	case !udp:
		return miekg.MaxMsgSize
	case opt == nil:
		return miekg.MinMsgSize
	default:
		return max(miekg.MinMsgSize, min(int(opt.UDPSize()), ourUDPSize))
	}
}

// describe is an answer in short: code, the flags AD and TC, and the data of its
// records, with their type where it is not the one asked for.
func describe(m *miekg.Msg) string {
	words := []string{miekg.RcodeToString[m.Rcode]}
	if m.Rcode == miekg.RcodeBadVers {
		words[0] = "BADVERS" // shares its number with BADSIG
	}
	if m.AuthenticatedData {
		words = append(words, "AD")
	}
	if m.Truncated {
		words = append(words, "TC")
	}
	var data []string
	for _, rr := range m.Answer {
		fields := strings.SplitN(rr.String(), "\t", 5) // name, lifetime, class, type and data
		text := fields[len(fields)-1]
		if t := rr.Header().Rrtype; t != m.Question[0].Qtype {
			text = miekg.Type(t).String() + " " + text
		}
		data = append(data, text)
	}
	if len(data) > 0 {
		words = append(words, strings.Join(data, ", "))
	}
	text := strings.Join(words, " ")
	if len(text) > longestText {
		text = text[:longestText] + "..."
	}
	return text
}

// pack writes the answer. What was read can be written; should that ever fail,
// there is no answer, and the report says so.
func pack(m *miekg.Msg, r reply) reply {
	packet, err := m.Pack()
	if err != nil {
		r.text = errors.Join(errors.New("dropped"), err).Error()
		return r
	}
	r.packet = packet
	return r
}
