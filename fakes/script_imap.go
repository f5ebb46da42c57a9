package fakes

// The parts of IMAP scripts. A command's tag is the mark of its step, so that the
// answer to it is told from all others.

// Imap sends a command and awaits the answer to it: want is OK, NO, BAD, + for a
// continuation, or empty.
func Imap(mark, want, command string) Script {
	return Say(mark, want, mark+" "+command+"\r\n")
}

// ImapGreet awaits the greeting.
func ImapGreet() Script { return Script{{Mark: "greeting", Do: MoveExpect, Want: "OK"}} }

// ImapCapability asks what the server can do.
func ImapCapability(mark string) Script { return Imap(mark, "OK", "CAPABILITY") }

// ImapStartTLS asks for TLS and awaits the go-ahead.
func ImapStartTLS() Script { return Imap("starttls", "OK", "STARTTLS") }

// ImapLogin logs in with LOGIN.
func ImapLogin(mark, want string) Script {
	return Imap(mark, want, `LOGIN "{user}" "{password}"`)
}

// ImapAuthPlain logs in with PLAIN, in a response of its own.
func ImapAuthPlain(mark, want string) Script {
	return Join(Imap(mark, "+", "AUTHENTICATE PLAIN"), Say("", want, "{auth-plain}\r\n"))
}

// ImapAppend puts the message into INBOX; its content has the mark with -body
// behind it.
func ImapAppend(mark string) Script {
	return Join(Imap(mark, "+", "APPEND INBOX {{message-size}}"), Say(mark+"-body", "OK", "{message}\r\n"))
}

// ImapLogout ends the session in good order, whatever is answered.
func ImapLogout() Script { return Imap("logout", "", "LOGOUT") }
