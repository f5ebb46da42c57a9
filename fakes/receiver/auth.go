package receiver

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"strings"

	"mailtls/fakes"
	"mailtls/fakes/dialect"
)

// auth answers AUTH (RFC 4954 §4) with the mechanisms PLAIN and LOGIN.
func (x *session) auth(c dialect.Command) error {
	mechanism, initial, _ := strings.Cut(c.Argument, " ")
	mechanism = strings.ToUpper(mechanism)
	switch {
	case !x.lists("AUTH") && !x.Profile.Accepts(fakes.LenientAuthInClear):
		return x.reply("503", "5.5.1 AUTH is not available here")
	case x.user != "" || x.mail:
		return x.reply("503", "5.5.1 Not now")
	case mechanism == "PLAIN":
		return x.plain(initial)
	case mechanism == "LOGIN":
		return x.login(initial)
	}
	return x.reply("504", "5.5.4 Mechanism not known")
}

// plain takes the credentials of PLAIN (RFC 4616 §2).
func (x *session) plain(initial string) error {
	secret, ok, err := x.challenge(initial, "")
	if err != nil || !ok {
		return err
	}
	parts := bytes.Split(secret, []byte{0})
	if len(parts) != 3 {
		return x.reply("501", "5.5.2 Malformed credentials")
	}
	return x.admit(string(parts[1]), parts[2])
}

// login takes the credentials of LOGIN, which no RFC defines.
func (x *session) login(initial string) error {
	user, ok, err := x.challenge(initial, "Username:")
	if err != nil || !ok {
		return err
	}
	password, ok, err := x.challenge("", "Password:")
	if err != nil || !ok {
		return err
	}
	return x.admit(string(user), password)
}

// challenge returns the decoded response, asking for it when it did not come
// with the command. It is not ok when the client was answered already.
func (x *session) challenge(initial, prompt string) (response []byte, ok bool, err error) {
	if initial == "" {
		if err := x.reply("334", base64.StdEncoding.EncodeToString([]byte(prompt))); err != nil {
			return nil, false, err
		}
		line, err := x.readLine()
		if err != nil {
			return nil, false, err
		}
		initial = string(line)
	}
	if initial == "*" {
		return nil, false, x.reply("501", "5.7.0 Cancelled")
	}
	if initial == "=" {
		return []byte{}, true, nil
	}
	response, err = base64.StdEncoding.DecodeString(initial)
	if err != nil {
		return nil, false, x.reply("501", "5.5.2 Not base64")
	}
	return response, true, nil
}

// admit checks the password.
func (x *session) admit(user string, password []byte) error {
	known, found := x.Accounts[user]
	if !found || subtle.ConstantTimeCompare([]byte(known), password) != 1 {
		return x.reply("535", "5.7.8 Wrong user or password")
	}
	x.user = user
	x.remember()
	return x.reply("235", "2.7.0 Welcome")
}
