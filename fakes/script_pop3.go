package fakes

// The parts of POP3 scripts.

// Pop3 sends a command and awaits the whole reply to it: want is +OK, -ERR, + for a
// continuation, or empty.
func Pop3(mark, want, command string) Script { return Say(mark, want, command+"\r\n") }

// Pop3Greet awaits the greeting.
func Pop3Greet() Script { return Script{{Mark: "greeting", Do: MoveExpect, Want: "+OK"}} }

// Pop3Capa asks what the server can do.
func Pop3Capa(mark string) Script { return Pop3(mark, "+OK", "CAPA") }

// Pop3STLS asks for TLS and awaits the go-ahead.
func Pop3STLS() Script { return Pop3("starttls", "+OK", "STLS") }

// Pop3Login logs in with USER, which must get +OK, and PASS.
func Pop3Login(userMark, passMark, want string) Script {
	return Join(Pop3(userMark, "+OK", "USER {user}"), Pop3(passMark, want, "PASS {password}"))
}

// Pop3AuthPlain logs in with PLAIN, in a response of its own (RFC 5034 §4).
func Pop3AuthPlain(mark, want string) Script {
	return Join(Pop3(mark, "+", "AUTH PLAIN"), Say("", want, "{auth-plain}\r\n"))
}

// Pop3Quit ends the session in good order, whatever is answered.
func Pop3Quit() Script { return Pop3("quit", "", "QUIT") }
