package receiver_test

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// TestAnotherClientUnderstandsUs has a client of others log in, store a message and
// read it again.
func TestAnotherClientUnderstandsUs(t *testing.T) {
	for _, peer := range []string{"imap-basic-after-tls", "imaps", "imap-tls-off"} {
		t.Run(peer, func(t *testing.T) {
			t.Parallel()
			st := serve(t, known(t, peer, nil))
			c := dial(t, st, peer)
			defer func() { _ = c.Close() }()
			if caps, err := c.Capability().Wait(); err != nil || !caps.Has(imap.CapIMAP4rev2) || caps.Has(imap.CapStartTLS) || caps.Has(imap.CapLoginDisabled) || !caps.Has("AUTH=PLAIN") {
				t.Errorf("capabilities are %v: %v", caps, err)
			}
			var login error
			if peer == "imaps" {
				login = c.Authenticate(sasl.NewPlainClient("", "user", "secret"))
			} else {
				login = c.Login("user", "secret").Wait()
			}
			if login != nil {
				t.Fatalf("log in: %v", login)
			}
			again(t, c)
			if err := c.Logout().Wait(); err != nil {
				t.Errorf("log out: %v", err)
			}
		})
	}
}

// dial connects in the way of the peer.
func dial(t *testing.T, st *stage, peer string) *imapclient.Client {
	t.Helper()
	conn, err := net.DialTimeout("tcp", st.addr, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	config := &tls.Config{ServerName: st.host, RootCAs: st.authority.Roots()}
	options := &imapclient.Options{TLSConfig: config}
	switch peer {
	case "imaps":
		return imapclient.New(tls.Client(conn, config), options)
	case "imap-tls-off":
		return imapclient.New(conn, options)
	}
	c, err := imapclient.NewStartTLS(conn, options)
	if err != nil {
		t.Fatalf("begin TLS: %v", err)
	}
	return c
}

// again stores a message and reads it.
func again(t *testing.T, c *imapclient.Client) {
	t.Helper()
	const text = "Subject: x\r\n\r\nbody\r\n.\r\n"
	if box, err := c.Select("INBOX", nil).Wait(); err != nil || box.NumMessages != 0 {
		t.Fatalf("select: %+v, %v", box, err)
	}
	put := c.Append("INBOX", int64(len(text)), nil)
	if _, err := io.Copy(put, strings.NewReader(text)); err != nil {
		t.Fatalf("append: %v", err)
	}
	if err := put.Close(); err != nil {
		t.Fatalf("append: %v", err)
	}
	if data, err := put.Wait(); err != nil || data.UID != 1 {
		t.Fatalf("append: %+v, %v", data, err)
	}
	readAgain(t, c, text)
}

// readAgain reads the only message, which is text, and what is said of the mailbox.
func readAgain(t *testing.T, c *imapclient.Client, text string) {
	t.Helper()
	section := &imap.FetchItemBodySection{Peek: true}
	got, err := c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{UID: true, Flags: true, RFC822Size: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil || len(got) != 1 || got[0].UID != 1 || got[0].RFC822Size != int64(len(text)) || string(got[0].FindBodySection(section)) != text {
		t.Errorf("fetched %+v: %v", got, err)
	}
	if status, err := c.Status("INBOX", &imap.StatusOptions{NumMessages: true, UIDNext: true}).Wait(); err != nil || *status.NumMessages != 1 || status.UIDNext != 2 {
		t.Errorf("status is %+v: %v", status, err)
	}
	if all, err := c.List("", "*", nil).Collect(); err != nil || len(all) != 1 || all[0].Mailbox != "INBOX" {
		t.Errorf("listed are %+v: %v", all, err)
	}
}
