package targets

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/smtp"
	"time"

	"mailtls/fakes"
)

// call says how to talk to a target.
type call struct {
	// listener is smtp when empty.
	listener string
	// version of TLS, and no other; 0 for clear.
	version uint16
	// cert is a kind of client certificate; empty for none.
	cert fakes.Cert
	// asked is set when the target asks for a client certificate.
	asked *bool
	// login with the password of testWiring, or with another.
	login    bool
	password string
	// to is the recipient's name.
	to string
	// from is the address that it comes from; 127.64.0.9 when empty.
	from string
}

// source is the address that it comes from.
func (c call) source() *net.TCPAddr {
	if c.from == "" {
		return &net.TCPAddr{IP: net.IPv4(127, 64, 0, 9)}
	}
	return &net.TCPAddr{IP: net.ParseIP(c.from)}
}

// hand hands in a message in clear, to a server that takes it for anybody.
func (c call) hand(addr, from, to string) error {
	dialer := net.Dialer{LocalAddr: c.source(), Timeout: 5 * time.Second}
	conn, err := dialer.Dial("tcp", addr)
	if err != nil {
		return err
	}
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	client, err := smtp.NewClient(conn, "mx.target.mailtls.test")
	if err != nil {
		_ = conn.Close()
		return err
	}
	defer client.Close() //nolint:errcheck // after QUIT
	return sendMail(client, from, to)
}

func (c call) tls(r *Running) *tls.Config {
	return &tls.Config{
		MinVersion: c.version, MaxVersion: c.version, RootCAs: r.Roots, ServerName: "mx.target.mailtls.test",
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if c.asked != nil {
				*c.asked = true
			}
			if c.cert == "" {
				return new(tls.Certificate), nil
			}
			cert, err := r.ClientCert(c.cert)
			return &cert, err
		},
	}
}

// dial connects and says EHLO, inside TLS unless version is 0.
func (c call) dial(r *Running) (*smtp.Client, error) {
	dialer := net.Dialer{LocalAddr: c.source(), Timeout: 5 * time.Second}
	listener := fakes.ListenSMTP
	if c.listener != "" {
		listener = fakes.Listener(c.listener)
	}
	conn, err := dialer.Dial("tcp", r.Addrs[listener])
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	config := c.tls(r)
	if listener == fakes.ListenSMTPS {
		conn = tls.Client(conn, config)
	}
	client, err := smtp.NewClient(conn, config.ServerName)
	if err == nil && c.version != 0 && listener != fakes.ListenSMTPS {
		if ok, _ := client.Extension("STARTTLS"); !ok {
			err = errors.New("STARTTLS not offered")
		} else {
			err = client.StartTLS(config)
		}
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return client, nil
}

// mail hands in a message.
func (c call) mail(r *Running) error {
	client, err := c.dial(r)
	if err != nil {
		return err
	}
	defer client.Close() //nolint:errcheck // after QUIT
	if c.login {
		password := "secret word"
		if c.password != "" {
			password = c.password
		}
		if err := client.Auth(smtp.PlainAuth("", "tester", password, "mx.target.mailtls.test")); err != nil {
			return err
		}
	}
	return sendMail(client, "y@case.mailtls.test", c.to+"@case.mailtls.test")
}

func sendMail(c *smtp.Client, from, to string) error {
	err := c.Mail(from)
	if err == nil {
		err = c.Rcpt(to)
	}
	if err != nil {
		return err
	}
	body, err := c.Data()
	if err == nil {
		_, err = io.WriteString(body, "Subject: "+to+"\r\n\r\nHello.\r\n")
	}
	if err == nil {
		err = body.Close()
	}
	return errors.Join(err, c.Quit())
}
