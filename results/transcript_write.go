package results

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"time"
)

// transcriptMagic is the first line of a stored transcript.
const transcriptMagic = "mailtls transcript 1"

// TranscriptExt is the extension of a stored transcript's file.
const TranscriptExt = ".txt"

// WriteTranscript stores a transcript as text: printable ASCII, one event a
// line, so that it can be quoted and compared line by line, and exact, so that
// ReadTranscript gives back an equal transcript (an empty list comes back nil,
// and Started in UTC):
//
//	mailtls transcript 1
//	case       injection/rcpt-in-starttls-segment
//	target     example-mta/default
//	version    "4.2.1 (Debian)"
//	started    2026-11-05T08:15:30.12Z
//	window     30.000000000
//	clock      1
//	submission 0.061000000 canary=mtls7f3a policy=may recipient=fence@injection.mailtls.test reply="250 2.0.0 Ok\r\n" fence
//	sanity     before=ok after="refused: 421 too many connections"
//
//	session 1 leg=probe peer=pipelining-sender listener=smtp client=127.0.0.1:50412 server=127.0.0.1:25
//	  tls version=1.3 suite=TLS_AES_128_GCM_SHA256 group=x25519 extensions=supported_versions,key_share complete verify=ok
//	    hello versions=1.3,1.2 suites=TLS_AES_128_GCM_SHA256 groups=x25519 sni=mx.injection.mailtls.test length=517 records=1
//	    chain MB8gbm90IGEgcmVhbCBjZXJ0aWZpY2F0ZSwgbGVhZg==
//	    0.012345000 S clear greeting  -    "220 mx.example ESMTP\r\n"
//	    0.012900000 C clear hello     s1   "EHLO probe.mailtls.test\r\n"
//	    0.013410000 S clear hello     s1   "250-mx.example\r\n250 STARTTLS\r\n"
//	    0.013500000 C clear starttls  s2   "STARTTLS\r\nRCPT TO:<mtls7f3a@injection.mailtls.test>\r\n"
//	    0.014002000 S clear starttls  s2   "220 go\r"
//	    0.014003000 S clear starttls  s2   "\n"
//	    0.019000000 - clear handshake -    tls "handshake complete"
//	    0.019200000 C tls   hello     s3   "EHLO pr\xc3\xb6be\x00\xff\n"
//	    0.020000000 C clear quit      -    alert "warning close_notify(0)"
//	    0.020050000 C clear quit      -    close "FIN"
//	  end ours 0.020100000
//
//	session 2 leg=readback peer=collector host=mx.b.example listener=lmtp client=127.0.0.1:50500 server=127.0.0.1:2525
//	    0.130500000 C clear body      t1   digest len=1048576 sha256=9f3a segments=17 head="Received: from mx" tail="\r\n.\r\n" canaries=64,4096
//	    0.131000000 S clear body      t1   "250 2.0.0 Ok\r\n"
//	  end eof 0.132000000
//
//	query 0.070000000 dns MX injection.mailtls.test. "NOERROR 10 mx.injection.mailtls.test."
//	message session=2 mark=t1 from="" to=fence@injection.mailtls.test length=1048120 sha256=5c02 fence
//	dsn 0.135000000 session=2 recipient=a@b.example action=failed status=4.7.5 diagnostic="smtp; 454 no TLS" remote="dns; mx.b.example"
//	ended settled 0.140000000
//
// A line is fields between spaces: some told by their place, the others
// key=value in a fixed order; what is empty or false is left out. A value stands
// bare, or in double quotes with Go's escapes when it is empty or holds anything
// but visible ASCII or one of the characters " , = \ and lists are values
// between commas. Times are seconds since the transcript began, Started excepted.
//
// Below a session come its handshakes, each a line tls with its hello, alerts
// and certificates (base64 of DER, leaf first; client-chain is the client's),
// then its events: time, side (C client, S server, - harness), layer (clear or
// tls), stage, mark, and then either the bytes that passed, or the word digest
// with what is kept of a large payload, or the kind of an event that is not data
// and its text. A dash stands for no stage, no mark. Bytes that are not ASCII
// are escaped one by one. A session closes with a line end, the transcript with
// a line ended, so that one cut short is noticed.
//
// What could not be read back is an error: a word outside of the vocabulary,
// sessions with the same number, a line above 1 MiB.
func WriteTranscript(w io.Writer, t *Transcript) error {
	if err := checkTranscript(t); err != nil {
		return fmt.Errorf("write transcript: %w", err)
	}
	out := &lineWriter{out: bufio.NewWriter(w)}
	writeHeader(out, t)
	for i := range t.Sessions {
		out.blank()
		writeSession(out, &t.Sessions[i])
	}
	out.blank()
	writeFooter(out, t)
	if out.err == nil {
		out.err = out.out.Flush()
	}
	if out.err != nil {
		return fmt.Errorf("write transcript: %w", out.err)
	}
	return nil
}

// keywordWidth aligns what follows the keywords of the header.
const keywordWidth = len("submission")

func writeHeader(w *lineWriter, t *Transcript) {
	w.begin("")
	w.word(transcriptMagic)
	w.end()
	writeFact(w, "case", token(t.Case))
	if t.Policy != "" {
		writeFact(w, "policy", token(t.Policy))
	}
	writeFact(w, "target", token(t.Target))
	if t.Version != "" {
		writeFact(w, "version", token(t.Version))
	}
	writeFact(w, "started", t.Started.UTC().Format(time.RFC3339Nano))
	writeFact(w, "window", formatSeconds(t.Window))
	writeFact(w, "clock", strconv.FormatFloat(t.ClockFactor, 'g', -1, 64))
	for _, s := range t.Submissions {
		w.begin("")
		w.column("submission", keywordWidth)
		w.word(formatSeconds(s.At))
		w.attr("canary", s.Canary)
		w.attr("policy", s.Policy)
		w.attr("recipient", s.Recipient)
		w.text("reply", s.Reply)
		w.flag("fence", s.Fence)
		w.end()
	}
	if t.Sanity != (Sanity{}) {
		w.begin("")
		w.column("sanity", keywordWidth)
		w.attr("before", t.Sanity.Before)
		w.attr("after", t.Sanity.After)
		w.end()
	}
}

// writeFact writes a line of the header with a single value.
func writeFact(w *lineWriter, keyword, value string) {
	w.begin("")
	w.column(keyword, keywordWidth)
	w.word(value)
	w.end()
}

func writeFooter(w *lineWriter, t *Transcript) {
	for _, q := range t.Queries {
		w.begin("")
		w.word("query")
		w.word(formatSeconds(q.At))
		w.value(q.Kind)
		w.value(q.Type)
		w.value(q.Name)
		w.quoted(q.Answer)
		w.end()
	}
	for _, m := range t.Messages {
		w.begin("")
		w.word("message")
		w.number("session", int64(m.Session))
		w.attr("mark", m.Mark)
		w.word("from=" + token(m.From)) // "" is the null sender: worth seeing
		w.list("to", m.To)
		w.optional("length", m.BodyLength)
		w.attr("sha256", m.BodySHA256)
		w.flag("fence", m.Fence)
		w.end()
	}
	for _, n := range t.DSNs {
		w.begin("")
		w.word("dsn")
		w.word(formatSeconds(n.At))
		w.number("session", int64(n.Session))
		w.attr("recipient", n.Recipient)
		w.attr("action", n.Action)
		w.attr("status", n.Status)
		w.text("diagnostic", n.Diagnostic)
		w.text("remote", n.Remote)
		w.end()
	}
	w.begin("")
	w.word("ended")
	w.word(string(t.Ended.Why))
	w.word(formatSeconds(t.Ended.At))
	w.end()
}

func writeSession(w *lineWriter, s *Session) {
	w.begin("")
	w.word("session")
	w.word(strconv.Itoa(s.ID))
	w.attr("leg", string(s.Leg))
	w.attr("peer", s.Peer)
	w.attr("host", s.Host)
	w.attr("listener", s.Listener)
	w.attr("client", s.Client)
	w.attr("server", s.Server)
	if s.Alike != 0 {
		w.number("alike", int64(s.Alike))
	}
	w.end()
	for i := range s.TLS {
		writeTLS(w, &s.TLS[i])
	}
	for i := range s.Events {
		writeEvent(w, &s.Events[i])
	}
	w.begin("  ")
	w.word("end")
	w.word(string(s.End))
	w.word(formatSeconds(s.EndAt))
	w.end()
}

func writeTLS(w *lineWriter, f *TLSFacts) {
	w.begin("  ")
	w.word("tls")
	w.attr("version", f.Version)
	w.attr("suite", f.Suite)
	w.attr("group", f.Group)
	w.attr("retry", f.Retry)
	w.attr("compression", f.Compression)
	if f.DHBits != 0 {
		w.number("dh-bits", int64(f.DHBits))
	}
	w.list("extensions", f.Extensions)
	w.attr("alpn", f.ALPN)
	w.flag("named", f.Named)
	w.flag("requested", f.Requested)
	w.flag("resumed", f.Resumed)
	w.flag("complete", f.Complete)
	w.optional("tickets", int64(f.Tickets))
	w.optional("early-data", int64(f.EarlyData))
	w.text("error", f.Error)
	w.attr("verify", f.Verify)
	w.end()
	if f.Hello != nil {
		writeHello(w, f.Hello)
	}
	for _, a := range f.Alerts {
		w.begin("    ")
		w.word("alert")
		w.word(string(a.From))
		w.word(severity(a.Fatal))
		w.word(strconv.Itoa(int(a.Code)))
		w.value(a.Name)
		w.end()
	}
	writeChain(w, "chain", f.Chain)
	writeChain(w, "client-chain", f.ClientChain)
}

func writeHello(w *lineWriter, h *ClientHello) {
	w.begin("    ")
	w.word("hello")
	w.list("versions", h.Versions)
	w.list("suites", h.Suites)
	w.list("groups", h.Groups)
	w.attr("sni", h.SNI)
	w.list("alpn", h.ALPN)
	w.list("compression", h.Compression)
	w.list("extensions", h.Extensions)
	w.number("length", int64(h.Length))
	w.number("records", int64(h.Records))
	w.end()
}

func writeChain(w *lineWriter, keyword string, chain [][]byte) {
	for _, der := range chain {
		w.begin("    ")
		w.word(keyword)
		w.word(base64.StdEncoding.EncodeToString(der))
		w.end()
	}
}

// severity is the word for an alert's level.
func severity(fatal bool) string {
	if fatal {
		return "fatal"
	}
	return "warning"
}
