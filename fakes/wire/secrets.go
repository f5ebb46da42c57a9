package wire

import (
	"bytes"
	"crypto/tls"
	"encoding/hex"
	"io"
	"strings"

	"mailtls/results"
)

// Labels of the key log (RFC 9850).
const (
	labelMaster          = "CLIENT_RANDOM"
	labelClientHandshake = "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
	labelServerHandshake = "SERVER_HANDSHAKE_TRAFFIC_SECRET"
	labelClientTraffic   = "CLIENT_TRAFFIC_SECRET_0"
	labelServerTraffic   = "SERVER_TRAFFIC_SECRET_0"
)

// trafficLabel names the TLS 1.3 secret of a side, during its handshake or after
// its Finished.
func trafficLabel(from results.Side, finished bool) string {
	switch {
	case from == results.Client && finished:
		return labelClientTraffic
	case from == results.Client:
		return labelClientHandshake
	case finished:
		return labelServerTraffic
	default:
		return labelServerHandshake
	}
}

// readKeyLog reads one line: label, client random, secret.
func readKeyLog(line string) (label string, secret []byte, ok bool) {
	fields := strings.Fields(line)
	if len(fields) != 3 {
		return "", nil, false
	}
	secret, err := hex.DecodeString(fields[2])
	return fields[0], secret, err == nil
}

// keyTap is the KeyLogWriter of a handshake: it gives the secrets to the tracker
// and passes the lines on.
type keyTap struct {
	conn    *Conn
	attempt *attempt
	next    io.Writer // that the caller's tls.Config names; may be nil
}

// Write takes one line. A key log that cannot be written is noted; it must not
// change what passes on the wire.
func (k keyTap) Write(line []byte) (int, error) {
	if label, secret, ok := readKeyLog(string(line)); ok {
		k.conn.rec.mu.Lock()
		k.attempt.secrets[label] = secret
		k.conn.track.drain(k.attempt)
		k.conn.rec.mu.Unlock()
	}
	if k.conn.keylog != nil {
		if _, err := k.conn.keylog.Write(line); err != nil {
			k.conn.rec.Note("key log: " + err.Error())
		}
	}
	if k.next != nil {
		return k.next.Write(line)
	}
	return len(line), nil
}

// remember keeps the master secret of a TLS 1.2 session that may be resumed:
// crypto/tls does not log it again when it is. A session whose encoding is not
// the one known leaves its alerts unread.
func (k keyTap) remember(s *tls.SessionState) {
	if s == nil {
		return
	}
	encoded, err := s.Bytes()
	if err != nil {
		return
	}
	if master, ok := masterOf(encoded); ok {
		k.conn.rec.mu.Lock()
		k.attempt.remembered = master
		k.conn.rec.mu.Unlock()
	}
}

// masterOf reads the master secret from the encoding of a tls.SessionState: two
// bytes of version, three of type and suite, eight of time, then the secret with
// its length.
func masterOf(encoded []byte) ([]byte, bool) {
	const at, length = 13, 48
	if len(encoded) < at+1+length || encoded[at] != length ||
		encoded[0] != version12>>8 || encoded[1] != version12&0xff {
		return nil, false
	}
	return bytes.Clone(encoded[at+1 : at+1+length]), true
}

// sessionTap is the client's session cache with an eye on what is taken out.
type sessionTap struct {
	tls.ClientSessionCache
	tap keyTap
}

// Get looks a session up.
func (s sessionTap) Get(key string) (*tls.ClientSessionState, bool) {
	session, ok := s.ClientSessionCache.Get(key)
	if ok {
		if _, state, err := session.ResumptionState(); err == nil {
			s.tap.remember(state)
		}
	}
	return session, ok
}
