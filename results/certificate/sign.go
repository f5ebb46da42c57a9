package certificate

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"

	"aead.dev/minisign"
)

// Key signs certificates.
type Key struct{ private minisign.PrivateKey }

// PublicKey tells whether a certificate was signed by its key.
type PublicKey struct{ public minisign.PublicKey }

// Public is the key that checks what the key signs.
func (k Key) Public() PublicKey {
	public, _ := k.private.Public().(minisign.PublicKey) // it always is one
	return PublicKey{public}
}

// String is the key in one word, as minisign shows it.
func (p PublicKey) String() string { return p.public.String() }

// ID is the key's ID as minisign shows it.
func (p PublicKey) ID() string { return keyID(p.public.ID()) }

func keyID(id uint64) string { return fmt.Sprintf("%016X", id) }

// NewKey makes a key and stores it in a file, which must not be there yet; beside it,
// under the same name with .pub behind it, the public one. With a password the file
// is encrypted.
func NewKey(file, password string) (PublicKey, error) {
	public, private, err := minisign.GenerateKey(nil)
	if err != nil {
		return PublicKey{}, fmt.Errorf("make key: %w", err)
	}
	text, err := private.MarshalText()
	if password != "" {
		text, err = minisign.EncryptKey(password, private)
	}
	if err != nil {
		return PublicKey{}, fmt.Errorf("make key: %w", err)
	}
	shown, err := public.MarshalText()
	if err != nil {
		return PublicKey{}, fmt.Errorf("make key: %w", err)
	}
	if err := create(file, text, 0o600); err != nil {
		return PublicKey{}, fmt.Errorf("make key: %w", err)
	}
	if err := create(file+".pub", shown, 0o644); err != nil {
		return PublicKey{}, fmt.Errorf("make key: %w", errors.Join(err, os.Remove(file)))
	}
	return PublicKey{public}, nil
}

// create writes a file that is not there yet.
func create(file string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	return errors.Join(err, f.Close())
}

// ReadKey reads a secret key of minisign from a file; the password is asked for when
// it is encrypted.
func ReadKey(file string, password func() (string, error)) (Key, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return Key{}, fmt.Errorf("read key: %w", err)
	}
	var k Key
	if !minisign.IsEncrypted(data) {
		if err := k.private.UnmarshalText(data); err != nil {
			return Key{}, fmt.Errorf("read key %s: %w", file, err)
		}
		return k, nil
	}
	word, err := password()
	if err != nil {
		return Key{}, fmt.Errorf("read key %s: %w", file, err)
	}
	if k.private, err = minisign.DecryptKey(word, data); err != nil {
		return Key{}, fmt.Errorf("read key %s: the password does not fit, or the file is damaged: %w", file, err)
	}
	return k, nil
}

// ReadPublicKey reads a public key from a file of minisign's, or takes the word
// itself for one.
func ReadPublicKey(fileOrKey string) (PublicKey, error) {
	text := []byte(fileOrKey)
	data, err := os.ReadFile(fileOrKey)
	if err == nil {
		text = data
	}
	var p PublicKey
	if keyErr := p.public.UnmarshalText(text); keyErr != nil {
		if err != nil {
			return p, fmt.Errorf("read public key %q: it is neither a file (%w) nor a key (%w)", fileOrKey, err, keyErr)
		}
		return p, fmt.Errorf("read public key %s: %w", fileOrKey, keyErr)
	}
	return p, nil
}

// untrusted is what stands above a signature: the one line of it that is not signed,
// and so always the same.
func untrusted(id string) string { return "signature of a mailtls certificate by key " + id }

// trusted is the line of a signature that is signed with it.
func trusted(document []byte) string { return DocumentFile + " sha256:" + Sum(document) }

// Sign signs a document; the signature is a text file of minisign's.
func (k Key) Sign(document []byte) []byte {
	return minisign.SignWithComments(k.private, document, trusted(document), untrusted(k.Public().ID()))
}

// Verify says what is wrong with a document and its signature, naming the file that
// it is; nil when the signature holds and not a byte of it could be another.
func (p PublicKey) Verify(document, signature []byte) error {
	var s minisign.Signature
	if err := s.UnmarshalText(signature); err != nil {
		return fmt.Errorf("%s: it is no signature: %w", SignatureFile, err)
	}
	if minisign.Verify(p.public, document, signature) {
		return p.exact(s, document, signature)
	}
	switch ours := p.signed(s); {
	case ours && s.TrustedComment != trusted(document):
		return fmt.Errorf("%s: the document was changed after it was signed", DocumentFile)
	case !ours && s.KeyID != p.public.ID():
		return fmt.Errorf("%s: signed by another key: %s, not %s", SignatureFile, keyID(s.KeyID), p.ID())
	}
	return fmt.Errorf("%s: the signature was changed", SignatureFile)
}

// exact refuses a signature that holds and is not written as Sign writes it: in what
// minisign does not look at.
func (p PublicKey) exact(s minisign.Signature, document, signature []byte) error {
	s.UntrustedComment = untrusted(p.ID())
	text, err := s.MarshalText()
	if err != nil || !bytes.Equal(text, signature) || s.TrustedComment != trusted(document) {
		return fmt.Errorf("%s: the signature was written anew, by another program or hand", SignatureFile)
	}
	return nil
}

// signed tells whether a signature is one that the key made, of whatever document:
// minisign signs the signature once more, with the comment that can be trusted.
func (p PublicKey) signed(s minisign.Signature) bool {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(p.public.String()))
	const head = 2 + 8 // algorithm and ID
	if err != nil || len(raw) != head+ed25519.PublicKeySize {
		return false
	}
	return ed25519.Verify(raw[head:], append(bytes.Clone(s.Signature[:]), s.TrustedComment...), s.CommentSignature[:])
}
