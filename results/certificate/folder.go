package certificate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Files of a certificate's folder besides those of the run.
const (
	DocumentFile  = "certificate.json"
	TextFile      = "certificate.txt"
	SubjectFile   = "subject.yaml"
	SignatureFile = DocumentFile + ".minisig"
)

// File is a file of a certificate's folder by name and content.
type File struct {
	// Name is its path, with slashes.
	Name string `json:"name"`
	// SHA256 of the content, in 64 hexadecimal digits.
	SHA256 string `json:"sha256"`
}

// Sum is the SHA-256 of data in hexadecimal digits.
func Sum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Digests gives the SHA-256 of each file of a folder, but for the document and its
// signature, by name. What is neither a file nor a folder is an error.
func Digests(dir string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return nil
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if name == DocumentFile || name == SignatureFile {
			return nil
		}
		if !entry.Type().IsRegular() {
			files = append(files, File{Name: name, SHA256: "not a file"})
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files = append(files, File{Name: name, SHA256: Sum(data)})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("take digests: %w", err)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

// Compare says how the files of a folder differ from those that a certificate
// names, a line each.
func Compare(named, there []File) []string {
	find := func(files []File, name string) (File, bool) {
		i := slices.IndexFunc(files, func(f File) bool { return f.Name == name })
		if i < 0 {
			return File{}, false
		}
		return files[i], true
	}
	var lines []string
	for i, f := range named {
		now, found := find(there, f.Name)
		_, before := find(named[:i], f.Name)
		switch {
		case before:
			lines = append(lines, f.Name+": the certificate names it twice")
		case !found:
			lines = append(lines, f.Name+": the file is missing")
		case now.SHA256 != f.SHA256:
			lines = append(lines, f.Name+": the file was changed")
		}
	}
	for _, f := range there {
		if _, found := find(named, f.Name); !found {
			lines = append(lines, f.Name+": the certificate does not name this file")
		}
	}
	return lines
}
