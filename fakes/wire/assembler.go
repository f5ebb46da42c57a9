package wire

// maxMessage is the length in bytes up to which a handshake message is kept for
// reading. Longer ones are followed to their end, but not read.
const maxMessage = 128 << 10

// Handshake message types (RFC 8446 §4, RFC 5246 §7.4).
const (
	msgHelloRequest        = 0
	msgClientHello         = 1
	msgServerHello         = 2
	msgNewSessionTicket    = 4
	msgEncryptedExtensions = 8
	msgCertificate         = 11
	msgServerKeyExchange   = 12
	msgCertificateRequest  = 13
	msgFinished            = 20
	msgKeyUpdate           = 24
)

// message is one handshake message.
type message struct {
	kind byte
	// body without the header of four bytes; cut short if the message is longer
	// than maxMessage.
	body []byte
	// length in bytes with its header, records it came in.
	length, records int
}

// assembler puts handshake messages together from the records of one direction:
// a message may span records, and a record may hold several (RFC 8446 §5.1).
type assembler struct {
	kept    []byte // the unfinished message from its header on, cut at maxMessage
	got     int    // bytes of it that came
	records int    // records that it came in
}

// add takes the payload of one record. It gives the types of the messages that
// begin in it, and the messages that end in it.
func (a *assembler) add(p []byte) (began []byte, ended []message) {
	for len(p) > 0 {
		if a.got == 0 {
			began = append(began, p[0])
		}
		a.records++
		p = p[a.take(p):]
		if a.got < 4 || a.got < a.want() {
			continue
		}
		ended = append(ended, message{
			kind: a.kept[0], body: a.kept[4:], length: a.got, records: a.records,
		})
		*a = assembler{}
	}
	return began, ended
}

// take reads what p has of the unfinished message and gives its length.
func (a *assembler) take(p []byte) int {
	n := 0
	if a.got < 4 {
		n = min(4-a.got, len(p))
		a.keep(p[:n])
	}
	if a.got < 4 {
		return n
	}
	m := min(a.want()-a.got, len(p)-n)
	a.keep(p[n : n+m])
	return n + m
}

func (a *assembler) keep(p []byte) {
	a.got += len(p)
	a.kept = append(a.kept, p[:min(len(p), maxMessage-len(a.kept))]...)
}

// want is the length of the unfinished message with its header.
func (a *assembler) want() int {
	return 4 + int(a.kept[1])<<16 + int(a.kept[2])<<8 + int(a.kept[3])
}
