package harness

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"strings"

	"github.com/emersion/go-message"

	"mailtls/results"
)

// errNoDSN means that a message holds no delivery status.
var errNoDSN = errors.New("no part message/delivery-status")

// readDSN reads what a delivery status notification says of each recipient (RFC
// 3464 §2.3). Time and session are left to the caller.
func readDSN(content []byte) ([]results.DSN, error) {
	entity, err := message.Read(bytes.NewReader(content))
	if err != nil && !message.IsUnknownCharset(err) {
		return nil, fmt.Errorf("read message: %w", err)
	}
	parts := entity.MultipartReader()
	if parts == nil {
		return nil, errNoDSN
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, errNoDSN
		}
		if err != nil && !message.IsUnknownCharset(err) {
			return nil, fmt.Errorf("read parts: %w", err)
		}
		if kind, _, _ := part.Header.ContentType(); strings.EqualFold(kind, "message/delivery-status") {
			return readStatus(part.Body)
		}
	}
}

// readStatus reads the fields: a group for the message, then one a recipient.
func readStatus(r io.Reader) ([]results.DSN, error) {
	fields := textproto.NewReader(bufio.NewReader(r))
	var all []results.DSN
	for {
		group, err := fields.ReadMIMEHeader()
		if to := group.Get("Final-Recipient"); to != "" {
			all = append(all, results.DSN{
				Recipient: address(to), Action: strings.ToLower(word(group.Get("Action"))), Status: word(group.Get("Status")),
				Diagnostic: clip(group.Get("Diagnostic-Code")), Remote: clip(group.Get("Remote-MTA")),
			})
		}
		switch {
		case errors.Is(err, io.EOF) && len(all) == 0:
			return nil, errors.New("read delivery status: no recipient")
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return all, fmt.Errorf("read delivery status: %w", err)
		}
	}
}

// address is a typed address without its type (RFC 3464 §2.1.2).
func address(field string) string {
	_, value, found := strings.Cut(field, ";")
	if !found {
		value = field
	}
	return strings.TrimSpace(value)
}

// word is the first word of a field; comments may follow.
func word(field string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(field), " ")
	return first
}

// maxField is how much is kept of a field, in bytes.
const maxField = 500

func clip(field string) string {
	return strings.TrimSpace(field[:min(len(field), maxField)])
}
