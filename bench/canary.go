package bench

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/pki"
	"mailtls/results"
)

// The canary's rounds.
const (
	CanaryRounds = 9
	CanaryRound  = 250 * time.Millisecond
)

// Canary measures what bare TLS handshakes cost on this machine: both sides in this
// process, TLS 1.3 with X25519 and ECDSA P-256 over the loopback interface, one after
// the other, nothing checked and nothing said. It makes so many rounds, each at least
// so long. Linux only: elsewhere the CPU time is not known.
func Canary(ctx context.Context, tool results.Tool, rounds int, round time.Duration) (*results.Canary, error) {
	pair, err := newCanaryPair()
	if err != nil {
		return nil, fmt.Errorf("measure handshakes: %w", err)
	}
	defer func() { _ = pair.listener.Close() }()
	c := &results.Canary{Schema: results.CanarySchema, Env: environment(Job{Tool: tool, Target: "bare handshakes"}), Started: time.Now()}
	for n := 0; n <= rounds; n++ {
		cpu, handshakes, state, err := pair.round(ctx, round)
		if err != nil {
			return nil, fmt.Errorf("measure handshakes: %w", err)
		}
		if n == 0 {
			continue // warm-up
		}
		c.Env.Connection = describe(state)
		c.Handshakes += handshakes
		c.Rounds = append(c.Rounds, float64(cpu)/float64(time.Microsecond)/float64(handshakes))
	}
	return c, nil
}

// canaryPair is the two sides of the canary's handshakes.
type canaryPair struct {
	listener       net.Listener
	client, server *tls.Config
}

func newCanaryPair() (*canaryPair, error) {
	authority, err := pki.New(time.Now())
	if err != nil {
		return nil, err
	}
	const name = "canary.mailtls.example"
	cert, err := authority.Issue(fakes.CertValid, pki.ECDSAP256, name)
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	groups := []tls.CurveID{tls.X25519}
	return &canaryPair{
		listener: ln,
		server:   &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13, CurvePreferences: groups, SessionTicketsDisabled: true},
		// The certificate is not what is measured.
		client: &tls.Config{ServerName: name, InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, CurvePreferences: groups},
	}, nil
}

// round makes handshakes for so long, and says how much CPU time they took.
func (p *canaryPair) round(ctx context.Context, length time.Duration) (cpu time.Duration, handshakes int64, state tls.ConnectionState, err error) {
	begin, before := time.Now(), readSystem().cpu
	for time.Since(begin) < length || handshakes == 0 {
		if err := ctx.Err(); err != nil {
			return 0, 0, state, err
		}
		if state, err = p.handshake(ctx); err != nil {
			return 0, 0, state, err
		}
		handshakes++
	}
	if cpu = readSystem().cpu - before; cpu <= 0 {
		return 0, 0, state, errors.New("the CPU time of this process is not known here")
	}
	return cpu, handshakes, state, nil
}

// handshake makes one.
func (p *canaryPair) handshake(ctx context.Context) (tls.ConnectionState, error) {
	served := make(chan error, 1)
	go func() {
		conn, err := p.listener.Accept()
		if err == nil {
			server := tls.Server(conn, p.server)
			err = errors.Join(server.HandshakeContext(ctx), conn.Close())
		}
		served <- err
	}()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", p.listener.Addr().String())
	if err != nil {
		_ = p.listener.Close() // nobody is coming
		return tls.ConnectionState{}, errors.Join(err, <-served)
	}
	client := tls.Client(conn, p.client)
	err = client.HandshakeContext(ctx)
	state := client.ConnectionState()
	if err == nil {
		if _, end := client.Read(make([]byte, 1)); !errors.Is(end, io.EOF) && !errors.Is(end, io.ErrUnexpectedEOF) {
			err = end // the server closes without a word
		}
	}
	err = errors.Join(err, conn.Close())
	return state, errors.Join(err, <-served)
}
