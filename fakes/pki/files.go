package pki

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	certMode os.FileMode = 0o644
	keyMode  os.FileMode = 0o600
)

// The names in the folder of a saved authority, without .pem and .key; those of the unrelated one begin with unrelatedPrefix.
const (
	rootName         = "root"
	intermediateName = "intermediate"
	constrainedName  = "constrained"
	unrelatedPrefix  = "unrelated-"
)

// WritePEM writes the chain to name.pem and the key (PKCS#8, readable by its owner only) to name.key in dir, which is made
// if it does not exist. Each file is replaced whole, never half written. The name must be a plain file name.
func WritePEM(dir, name string, cert tls.Certificate) (certFile, keyFile string, err error) {
	if name == "." || name != filepath.Base(name) || !filepath.IsLocal(name) {
		return "", "", fmt.Errorf("write certificate %q: name must be a plain file name", name)
	}
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return "", "", fmt.Errorf("write key %s: %w", name, err)
	}
	certFile, keyFile = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	if err := writeFile(certFile, encodeCertificates(cert.Certificate...), certMode); err != nil {
		return "", "", err
	}
	if err := writeFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), keyMode); err != nil {
		return "", "", err
	}
	return certFile, keyFile, nil
}

// Load reads what WritePEM wrote, Leaf included. That a file is missing can be told with errors.Is and fs.ErrNotExist.
func Load(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("load %s and %s: %w; write both again", certFile, keyFile, err)
	}
	return cert, nil
}

// Save writes the authority to dir, which is made if it does not exist, so that later runs can use the same roots. Whoever
// reads the keys in it can issue certificates that are trusted wherever the root is.
func (a *Authority) Save(dir string) error {
	if err := a.trusted.save(dir, ""); err != nil {
		return fmt.Errorf("save authority: %w", err)
	}
	if err := a.unrelated.save(dir, unrelatedPrefix); err != nil {
		return fmt.Errorf("save unrelated authority: %w", err)
	}
	return nil
}

// LoadAuthority reads what Save wrote; what it issues is dated from now. An error that is fs.ErrNotExist says that nothing,
// or not all, was saved there.
func LoadAuthority(dir string, now time.Time) (*Authority, error) {
	a, err := loadAuthority(dir, now)
	if err != nil {
		return nil, fmt.Errorf("load authority: %w; save a new authority in %s", err, dir)
	}
	return a, nil
}

func loadAuthority(dir string, now time.Time) (*Authority, error) {
	trusted, err := loadHierarchy(dir, "", now)
	if err != nil {
		return nil, err
	}
	unrelated, err := loadHierarchy(dir, unrelatedPrefix, now)
	if err != nil {
		return nil, err
	}
	return newAuthority(now, trusted, unrelated), nil
}

func (h hierarchy) save(dir, prefix string) error {
	if err := writeFile(filepath.Join(dir, prefix+rootName+".pem"), encodeCertificates(h.root.Raw), certMode); err != nil {
		return err
	}
	if _, _, err := WritePEM(dir, prefix+intermediateName, h.intermediate); err != nil {
		return err
	}
	_, _, err := WritePEM(dir, prefix+constrainedName, h.constrained)
	return err
}

func loadHierarchy(dir, prefix string, now time.Time) (hierarchy, error) {
	rootFile := filepath.Join(dir, prefix+rootName+".pem")
	root, err := loadRoot(rootFile)
	if err != nil {
		return hierarchy{}, err
	}
	intermediate, err := loadIntermediate(filepath.Join(dir, prefix+intermediateName), root)
	if err != nil {
		return hierarchy{}, err
	}
	constrained, err := loadIntermediate(filepath.Join(dir, prefix+constrainedName), root)
	if err != nil {
		return hierarchy{}, err
	}
	if now.Add(-leafReach).Before(root.NotBefore) || now.Add(leafReach).After(root.NotAfter) {
		return hierarchy{}, fmt.Errorf("check dates of %s: %s is not well inside %s to %s", rootFile,
			now.Format(time.DateOnly), root.NotBefore.Format(time.DateOnly), root.NotAfter.Format(time.DateOnly))
	}
	return hierarchy{root: root, intermediate: intermediate, constrained: constrained}, nil
}

// loadIntermediate reads base.pem and base.key, which the root must have signed.
func loadIntermediate(base string, root *x509.Certificate) (tls.Certificate, error) {
	intermediate, err := tls.LoadX509KeyPair(base+".pem", base+".key")
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read %s.pem and .key: %w", base, err)
	}
	if err := intermediate.Leaf.CheckSignatureFrom(root); err != nil {
		return tls.Certificate{}, fmt.Errorf("check %s.pem against its root: %w", base, err)
	}
	return intermediate, nil
}

func loadRoot(file string) (*x509.Certificate, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("read %s: no PEM block", file)
	}
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return root, nil
}

func encodeCertificates(chain ...[]byte) []byte {
	var out []byte
	for _, der := range chain {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return out
}

// writeFile makes the folder and replaces the file whole, so that an older file's mode is not kept and no reader meets half
// a file.
func writeFile(file string, data []byte, mode os.FileMode) (err error) {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make folder for %s: %w", file, err)
	}
	temp, err := os.CreateTemp(dir, filepath.Base(file)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	_, errWrite := temp.Write(data)
	err = errors.Join(errWrite, temp.Chmod(mode), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", file, errors.Join(err, os.Remove(temp.Name())))
	}
	return nil
}
