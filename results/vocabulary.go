package results

// Role says what a target does in the conversations under test.
type Role string

// The roles a target can claim and a case can be written for.
const (
	RoleReceiver     Role = "receiver"      // takes mail: SMTP, submission, LMTP
	RoleSender       Role = "sender"        // hands mail on
	RoleAccessServer Role = "access-server" // serves mailboxes: IMAP, POP3
	RoleAccessClient Role = "access-client" // reads mailboxes
	RoleRelay        Role = "relay"         // takes mail and hands it on
)

// Roles lists every role in the order reports show them.
func Roles() []Role {
	return []Role{RoleReceiver, RoleSender, RoleAccessServer, RoleAccessClient, RoleRelay}
}

// Protocol is the dialect spoken on a connection.
type Protocol string

// The dialects.
const (
	SMTP Protocol = "smtp"
	LMTP Protocol = "lmtp"
	IMAP Protocol = "imap"
	POP3 Protocol = "pop3"
)

// Leg says what a session was for.
type Leg string

// The legs of a transcript.
const (
	LegProbe    Leg = "probe"    // a peer of ours pokes a receiver
	LegSubmit   Leg = "submit"   // mail handed to a sender so that it sends
	LegDeliver  Leg = "deliver"  // the target delivers; the leg that leaks are counted on
	LegDrain    Leg = "drain"    // after the judged window, the peer being honest
	LegBounce   Leg = "bounce"   // a delivery status notification comes in
	LegReadback Leg = "readback" // accepted mail arrives at a collector
)

// Stage is the part of a conversation in which something happened. A command's
// stage covers the command, its reply, and what follows until the next command.
type Stage string

// The stages, in the order a conversation meets them.
const (
	StageConnect   Stage = "connect"   // TCP only
	StageGreeting  Stage = "greeting"  // the server's first line
	StageHello     Stage = "hello"     // EHLO, HELO, LHLO, CAPABILITY, CAPA, and what else says who one is and can: ID, ENABLE, NAMESPACE, COMPRESS
	StageStartTLS  Stage = "starttls"  // STARTTLS, STLS
	StageHandshake Stage = "handshake" // from the go-ahead to the end of the TLS handshake
	StageRenewal   Stage = "renewal"   // KeyUpdate or renegotiation inside TLS
	StageAuth      Stage = "auth"      // AUTH, LOGIN, AUTHENTICATE, USER, PASS, APOP
	StageMail      Stage = "mail"      // MAIL FROM
	StageRcpt      Stage = "rcpt"      // RCPT TO
	StageData      Stage = "data"      // DATA or APPEND up to its go-ahead
	StageBody      Stage = "body"      // message content and the reply to it
	StageBdat      Stage = "bdat"      // BDAT
	StageMailbox   Stage = "mailbox"   // SELECT, STATUS, FETCH and the like; STAT, LIST, RETR, DELE
	StageReset     Stage = "reset"     // RSET
	StageNoop      Stage = "noop"      // NOOP
	StageVerify    Stage = "verify"    // VRFY, EXPN
	StageEtrn      Stage = "etrn"      // ETRN
	StageHelp      Stage = "help"      // HELP
	StageQuit      Stage = "quit"      // QUIT, LOGOUT
	StageUnknown   Stage = "unknown"   // a line that is no command we know
)

// Side is the end of a connection that an event came from.
type Side string

// The sides. Harness notes are neither client nor server.
const (
	Client  Side = "C"
	Server  Side = "S"
	Harness Side = "-"
)

// Level is how strongly a requirement binds (RFC 2119 §1 to §5); INFO records a
// behaviour and never fails.
type Level string

// The levels.
const (
	Must   Level = "MUST"
	Should Level = "SHOULD"
	May    Level = "MAY"
	Info   Level = "INFO"
)

// Status is the outcome of one case.
type Status string

// The statuses. Only pass, nonstrict, info, fail and waived count as executed.
const (
	StatusPass         Status = "pass"
	StatusNonstrict    Status = "nonstrict"    // the binding part holds, the recommended part does not
	StatusInfo         Status = "info"         // recorded, not judged
	StatusFail         Status = "fail"         // the requirement was broken
	StatusNA           Status = "na"           // the target does not claim what the case needs
	StatusSkip         Status = "skip"         // left out on purpose, with a reason
	StatusWaived       Status = "waived"       // a failure that a waiver expects
	StatusPending      Status = "pending"      // the case cannot be played yet, with a reason
	StatusInconclusive Status = "inconclusive" // it could not be told
	StatusError        Status = "error"        // the harness itself failed
)

// Statuses lists every status in the order summaries show them.
func Statuses() []Status {
	return []Status{
		StatusPass, StatusNonstrict, StatusInfo, StatusFail, StatusWaived,
		StatusInconclusive, StatusError, StatusNA, StatusSkip, StatusPending,
	}
}

// Executed tells whether the status comes from a case that was played and told
// something about the target.
func (s Status) Executed() bool {
	switch s {
	case StatusPass, StatusNonstrict, StatusInfo, StatusFail, StatusWaived:
		return true
	case StatusNA, StatusSkip, StatusPending, StatusInconclusive, StatusError:
		return false
	}
	return false
}

// Undecided tells whether the case was played and nothing can be concluded.
func (s Status) Undecided() bool {
	return s == StatusInconclusive || s == StatusError
}
