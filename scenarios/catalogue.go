package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
)

// CatalogueLine is the version of the catalogue, a year and a number. It changes
// whenever a case comes, goes or asks for something else, once certificates of the
// version before were given out.
const CatalogueLine = "2026.1"

// CatalogueSHA256 is the digest of the catalogue as Markdown shows it, in
// hexadecimal digits: two programs with the same one ask for the same.
func CatalogueSHA256() string {
	sum := sha256.Sum256([]byte(Markdown(All())))
	return hex.EncodeToString(sum[:])
}
