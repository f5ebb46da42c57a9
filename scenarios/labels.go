package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// Labels are what a case can be selected by, in Ginkgo's grammar: its level,
// role, protocol, area, row, the documents that it rests on, what it needs,
// whether it burdens the target, and whether it fills a cell of the matrix.
func (c Case) Labels() []string {
	labels := []string{
		"level:" + strings.ToLower(string(c.Strongest())),
		"role:" + string(c.Role),
		"protocol:" + string(c.Protocol),
		"area:" + c.Area(),
		"row:" + c.Row,
	}
	for _, rfc := range regexp.MustCompile(`RFC (\d+)`).FindAllStringSubmatch(c.Source.Clause, -1) {
		labels = append(labels, "rfc"+rfc[1])
	}
	if c.Also != "" {
		labels = append(labels, "role:"+string(c.Also))
	}
	if c.Intrusive {
		labels = append(labels, "intrusive")
	}
	if c.Alone {
		labels = append(labels, "alone")
	}
	if c.Cell {
		labels = append(labels, LabelCell)
	}
	for _, f := range c.Needs {
		labels = append(labels, "needs:"+string(f))
	}
	return labels
}

// LabelCell selects the cases that fill the matrix of policies and peers.
const LabelCell = "cell"

// Area is the first part of the id.
func (c Case) Area() string {
	area, _, _ := strings.Cut(c.ID, "/")
	return area
}

// Defect is the id without the variant: its first two parts.
func (c Case) Defect() string {
	area, rest, _ := strings.Cut(c.ID, "/")
	defect, _, _ := strings.Cut(rest, "/")
	return area + "/" + defect
}

// DNSLabel is an id as one DNS label: "/" becomes "-", and what is longer than
// 50 bytes is cut there and told apart by 6 digits of its SHA-256.
func DNSLabel(id string) string {
	label := strings.ReplaceAll(strings.ReplaceAll(id, "/", "-"), "@", "-")
	const most = 50
	if len(label) <= most {
		return label
	}
	sum := sha256.Sum256([]byte(id))
	return label[:most] + "-" + hex.EncodeToString(sum[:])[:6]
}
