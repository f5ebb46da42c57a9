package receiver

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"mailtls/fakes"
)

// logins are the ways to log in that are offered at the moment.
func (x *session) logins() []string {
	if x.conn.Secure() {
		return x.Profile.Logins.TLS
	}
	return x.Profile.Logins.Clear
}

// shownLogins are those that are listed.
func (x *session) shownLogins() []string {
	if x.Profile.Keeps(fakes.KeepCapabilities) {
		return x.Profile.Logins.Clear
	}
	return x.logins()
}

// mechanisms are the SASL mechanisms among the ways that are listed.
func (x *session) mechanisms() []string {
	return slices.DeleteFunc(slices.Clone(x.shownLogins()), func(way string) bool { return way == fakes.LoginUser || way == fakes.LoginAPOP })
}

// words are the capabilities that the profile lists at the moment.
func (x *session) words() []string {
	if x.conn.Secure() && !x.Profile.Keeps(fakes.KeepCapabilities) {
		return x.Profile.TLS
	}
	return x.Profile.Clear
}

// offersTLS tells whether the command that begins TLS is listed.
func (x *session) offersTLS() bool {
	return x.Profile.Offer == fakes.OfferStartTLS && (!x.conn.Secure() || x.Profile.Keeps(fakes.KeepCapabilities))
}

// admits tells whether a way to log in may be gone.
func (x *session) admits(way string) bool {
	if slices.Contains(x.logins(), way) {
		return true
	}
	return !x.conn.Secure() && x.Profile.Accepts(fakes.LenientAuthInClear) && slices.Contains(x.Profile.Logins.TLS, way)
}

// needsTLS tells whether a way to log in is closed for want of TLS.
func (x *session) needsTLS(way string) bool {
	return !x.conn.Secure() && slices.Contains(x.Profile.Logins.TLS, way)
}

// knows tells whether a password is that of a user.
func (x *session) knows(user, password string) bool {
	known, found := x.Accounts[user]
	return found && subtle.ConstantTimeCompare([]byte(known), []byte(password)) == 1
}

// told is the answer to a login that is refused for want of TLS, of which the
// profile wrongly says more where the password is right.
func (x *session) told(refusal, user, password string) string {
	if x.Profile.Accepts(fakes.LenientPasswordTold) && x.knows(user, password) {
		return refusal + ", and then this password will do"
	}
	return refusal
}

// enter logs a user in.
func (x *session) enter(user string) {
	x.user = user
	x.remember()
}

// outcome is what comes of a SASL exchange.
type outcome int

// The outcomes.
const (
	loginGood outcome = iota
	loginWrong
	loginCancelled
	loginMalformed
)

// sasl holds the exchange of a mechanism; initial is the response that came with
// the command, nil when none did.
func (x *session) sasl(mechanism string, initial *string) (user string, o outcome, err error) {
	switch mechanism {
	case "PLAIN":
		return x.saslPlain(initial)
	case "LOGIN":
		return x.saslLogin(initial)
	case "EXTERNAL":
		user, o, err := x.response("", initial)
		if user == "" {
			user = fakes.ClientName
		}
		if o == loginGood && !x.shows(fakes.ClientName) {
			o = loginWrong
		}
		return user, o, err
	}
	_, o, err = x.response("", initial)
	if o == loginGood {
		o = loginWrong // nobody is known in this way
	}
	return "", o, err
}

// saslPlain is PLAIN (RFC 4616 §2).
func (x *session) saslPlain(initial *string) (user string, o outcome, err error) {
	secret, o, err := x.response("", initial)
	if err != nil || o != loginGood {
		return "", o, err
	}
	parts := bytes.Split([]byte(secret), []byte{0})
	switch {
	case len(parts) != 3:
		return "", loginMalformed, nil
	case !x.knows(string(parts[1]), string(parts[2])):
		return "", loginWrong, nil
	}
	return string(parts[1]), loginGood, nil
}

// saslLogin is LOGIN, which no RFC defines.
func (x *session) saslLogin(initial *string) (user string, o outcome, err error) {
	user, o, err = x.response("Username:", initial)
	if err != nil || o != loginGood {
		return "", o, err
	}
	password, o, err := x.response("Password:", nil)
	if err == nil && o == loginGood && !x.knows(user, password) {
		o = loginWrong
	}
	return user, o, err
}

// response is what the client says to a challenge, decoded.
func (x *session) response(challenge string, initial *string) (string, outcome, error) {
	var line string
	switch {
	case initial != nil && *initial == "=":
	case initial != nil:
		line = *initial
	default:
		if err := x.say("+ " + base64.StdEncoding.EncodeToString([]byte(challenge)) + "\r\n"); err != nil {
			return "", 0, err
		}
		read, err := x.readLine()
		if err != nil {
			return "", 0, fmt.Errorf("read response: %w", err)
		}
		line = string(read)
	}
	if line == "*" {
		return "", loginCancelled, nil
	}
	text, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		return "", loginMalformed, nil
	}
	return string(text), loginGood, nil
}

// sasl's arguments: a mechanism in capitals, and what came with it.
func mechanismOf(argument string) (mechanism string, initial *string) {
	mechanism, response, given := strings.Cut(argument, " ")
	if given {
		initial = &response
	}
	return strings.ToUpper(mechanism), initial
}
