package targets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"mailtls/fakes/pki"
)

// writeCertificate makes a certificate under an authority of its own.
func (i *instance) writeCertificate(ctx context.Context) error {
	c := i.p.m.Certificate
	if c == nil {
		return nil
	}
	authority, err := pki.New(time.Now())
	if err != nil {
		return err
	}
	kind := i.p.m.certificate(i.v)
	cert, err := authority.Issue(kind.Kind, kind.KeyType, append([]string{i.data.Host}, i.names...)...)
	if err != nil {
		return err
	}
	i.roots, i.rootPEM = authority.Roots(), authority.RootPEM()
	i.clientCert = clientCerts(authority)
	// The root's own file first: that makes the folder, and proves that it lies
	// inside.
	if err := i.place.write(ctx, c.Dir+"/"+caName, authority.RootPEM(), 0o644, ""); err != nil {
		return err
	}
	if _, _, err := pki.WritePEM(i.place.host(c.Dir), certName, cert); err != nil {
		return err
	}
	return i.place.own(ctx, i.data.Key, c.Owner)
}

// writePeerRoots writes what the certificates of MX hosts lead to, for a sender.
func (i *instance) writePeerRoots(ctx context.Context, pem []byte) error {
	if i.p.m.Certificate == nil || len(pem) == 0 {
		return nil
	}
	return i.place.write(ctx, i.p.m.Certificate.Dir+"/"+peersName, pem, 0o644, "")
}

// writeFiles fills in the templates.
func (i *instance) writeFiles(ctx context.Context) error {
	for _, f := range i.p.m.files(i.v) {
		text, err := i.p.renderFile(f.Template, i.data)
		if err != nil {
			return err
		}
		mode, err := f.mode()
		if err != nil {
			return fmt.Errorf("write %s: mode %q: %w", f.Path, f.Mode, err)
		}
		if err := i.place.write(ctx, f.Path, []byte(text), mode, f.Owner); err != nil {
			return err
		}
	}
	return nil
}

// emptyLog removes what an earlier run has logged.
func (i *instance) emptyLog() error {
	if i.p.m.LogFile == "" {
		return nil
	}
	if err := os.Remove(i.place.host(i.p.m.LogFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("empty log file: %w", err)
	}
	return nil
}
