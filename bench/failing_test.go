package bench

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// says is a server that says one thing, and then another for each line it gets.
func says(t *testing.T, greeting string, replies ...string) *peer {
	t.Helper()
	return &peer{addr: serveUntilEnd(t, func(ctx context.Context, ln net.Listener) {
		var open sync.WaitGroup
		defer open.Wait()
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				stop := context.AfterFunc(ctx, func() { _ = c.Close() })
				defer stop()
				defer func() { _ = c.Close() }()
				lines := bufio.NewReader(c)
				_, _ = io.WriteString(c, greeting)
				for _, reply := range replies {
					if _, err := lines.ReadString('\n'); err != nil {
						return
					}
					if reply == "reset" {
						_ = c.(*net.TCPConn).SetLinger(0)
						return
					}
					_, _ = io.WriteString(c, reply)
				}
				if len(replies) > 0 && replies[len(replies)-1] == "" {
					_, _ = io.Copy(io.Discard, c)
				}
			})
		}
	})}
}

func TestErrorsAreClassed(t *testing.T) {
	const offer = "250-x\r\n250 STARTTLS\r\n"
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = nobody.Close()
	for name, tt := range map[string]struct {
		peer *peer
		plan results.SessionPlan
		want results.ErrorClass
	}{
		"nobody listens":       {&peer{addr: nobody.Addr().String()}, results.SessionPlan{}, results.FailRefused},
		"421":                  {says(t, "421 busy\r\n"), results.SessionPlan{}, results.FailReply4},
		"554":                  {says(t, "554 no\r\n"), results.SessionPlan{}, results.FailReply5},
		"421 half-way":         {says(t, "220 x\r\n", "250 x\r\n", "421 going down\r\n"), results.SessionPlan{Kind: results.KindPlain, Size: 200}, results.FailReply4},
		"no SMTP":              {says(t, "HTTP/1.1 400 Bad Request\r\n"), results.SessionPlan{}, results.FailReply},
		"bare LF":              {says(t, "220 x\n"), results.SessionPlan{}, results.FailReply},
		"another code behind":  {says(t, "220-x\r\n221 y\r\n"), results.SessionPlan{}, results.FailReply},
		"a code out of place":  {says(t, "354 x\r\n"), results.SessionPlan{}, results.FailReply},
		"endless line":         {says(t, strings.Repeat("2", 10_000)), results.SessionPlan{}, results.FailReply},
		"endless reply":        {says(t, strings.Repeat("220-x\r\n", 300)), results.SessionPlan{}, results.FailReply},
		"closes":               {says(t, "220 x\r\n", "250 x"), results.SessionPlan{}, results.FailClosed},
		"resets":               {says(t, "220 x\r\n", "reset"), results.SessionPlan{}, results.FailReset},
		"silent":               {says(t, "220 x\r\n", ""), results.SessionPlan{}, results.FailTimeout},
		"not offered":          {startPeer(t, named(t, "tls-disabled")), results.SessionPlan{}, results.FailNotOffered},
		"no pipelining":        {says(t, "220 x\r\n", "250 x\r\n", ""), results.SessionPlan{Kind: results.KindPlain, Size: 200, Pipelining: true}, results.FailNotOffered},
		"454":                  {says(t, "220 x\r\n", offer, "454 not now\r\n"), results.SessionPlan{}, results.FailReply4},
		"injected":             {says(t, "220 x\r\n", offer, "220 go\r\n250 injected\r\n", ""), results.SessionPlan{}, results.FailReply},
		"no TLS behind 220":    {says(t, "220 x\r\n", offer, "220 go\r\n", "garbage, no TLS record"), results.SessionPlan{}, results.FailHandshake},
		"alert":                {startPeer(t, named(t, "tls10-only")), results.SessionPlan{TLS: 0x0303}, results.AlertClass(70)},
		"certificate":          {startPeer(t, fakes.Profile{Offer: fakes.OfferStartTLS, Cert: fakes.CertExpired}), results.SessionPlan{Verify: results.CheckChain}, results.FailCertificate},
		"fallback not refused": {startPeer(t, named(t, "opportunistic")), results.SessionPlan{Kind: results.KindFallback}, results.FailNotRefused},
		"fallback of nobody":   {&peer{addr: nobody.Addr().String()}, results.SessionPlan{Kind: results.KindFallback}, results.FailRefused},
		"gate":                 {startPeer(t, named(t, "tls12-required")), results.SessionPlan{Kind: results.KindPlain, Size: 200}, results.FailReply5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := load(t, tt.peer, 2, tt.plan, func(p *results.Plan) {
				if p.Timeout = results.Span(30 * time.Second); tt.want == results.FailTimeout {
					p.Timeout = results.Span(100 * time.Millisecond)
				}
			})
			if r.Failed[tt.want] != 2 || r.Completed != 0 {
				t.Errorf("failed %v, %d completed, want %s twice", r.Failed, r.Completed, tt.want)
			}
		})
	}
}

func TestErrorsOfTheSystemAreClassed(t *testing.T) {
	for number, want := range map[syscall.Errno]results.ErrorClass{
		syscall.EADDRNOTAVAIL: results.FailNoPorts, syscall.EMFILE: results.FailNoFiles, syscall.ENFILE: results.FailNoFiles, syscall.EHOSTUNREACH: results.FailUnreachable,
		syscall.EPIPE: results.FailReset, syscall.ETIMEDOUT: results.FailTimeout, syscall.EPERM: results.FailOther,
	} {
		if got := classify(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", number)}); got != want {
			t.Errorf("%v is %s, want %s", number, got, want)
		}
	}
	if got := classify(nil); got != results.FailOther {
		t.Errorf("no error is %s", got)
	}
}
