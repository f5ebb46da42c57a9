package receiver_test

import (
	"context"
	"net"
	"testing"
	"time"

	"mailtls/fakes"
	"mailtls/fakes/receiver"
	"mailtls/results"
)

// TestConnectionsAreServedOneByOne: a connection accepted elsewhere is served,
// reported and closed when ServeConn returns, also when the context ends first.
func TestConnectionsAreServedOneByOne(t *testing.T) {
	var reported []results.Session
	start := time.Now()
	s := &receiver.Server{
		Profile: fakes.Profile{Name: "plain", Offer: fakes.OfferNone}, Host: host,
		Now: func() time.Duration { return time.Since(start) }, Clock: time.Now,
		Report: func(r results.Session) { reported = append(reported, r) },
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	for i, cut := range []bool{false, true} {
		client, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Close() })
		conn, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		want := results.EndOurs
		if cut {
			want = results.EndCancelled
			cancel()
		} else if _, err := client.Write([]byte("QUIT\r\n")); err != nil {
			t.Fatal(err)
		}
		s.ServeConn(ctx, conn)
		cancel()
		if len(reported) != i+1 || reported[i].ID != i+1 || reported[i].End != want {
			t.Fatalf("reported: %+v", reported)
		}
		if _, err := conn.Write([]byte("x")); err == nil {
			t.Error("the connection is open")
		}
	}
}
