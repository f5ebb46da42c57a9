package wire

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"mailtls/results"
)

// unhex reads hexadecimal with spaces.
func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReadClientHello(t *testing.T) {
	random := strings.Repeat("ab", 32)
	start := "0303" + random + "00" + "000a 1a1a 1301 c02f 0034 00ff" + "0100"
	extensions := "0000 000d 000b 00 0008 6d782e74657374 21" + // server_name mx.test!
		"000a 0008 0006 5a5a 11ec 001d" +
		"0010 000d 000b 04736d747005782d796573" + // ALPN
		"002b 0007 06 eaea 0304 0303" +
		"ff01 0001 00"
	length := len(unhex(t, extensions))
	whole := start + hex.EncodeToString([]byte{byte(length >> 8), byte(length)}) + extensions
	want := results.ClientHello{
		Versions: []string{"GREASE(0xeaea)", "1.3", "1.2"},
		Suites: []string{
			"GREASE(0x1a1a)", "TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
			"TLS_DH_anon_WITH_AES_128_CBC_SHA", "TLS_EMPTY_RENEGOTIATION_INFO_SCSV",
		},
		Groups: []string{"GREASE(0x5a5a)", "X25519MLKEM768", "x25519"},
		SNI:    "mx.test!", ALPN: []string{"smtp", "x-yes"},
	}
	h, ok := readClientHello(unhex(t, whole))
	got := h.offer
	if !ok || got.SNI != want.SNI || !slices.Equal(got.Versions, want.Versions) ||
		!slices.Equal(got.Suites, want.Suites) || !slices.Equal(got.Groups, want.Groups) || !slices.Equal(got.ALPN, want.ALPN) {
		t.Errorf("ok=%v, got %+v", ok, got)
	}
	h, ok = readClientHello(unhex(t, start))
	if !ok || !slices.Equal(h.offer.Versions, []string{"1.2"}) || h.offer.SNI != "" || h.offer.Groups != nil {
		t.Errorf("without extensions: ok=%v, got %+v", ok, h.offer)
	}
	body := unhex(t, whole)
	for n := range body {
		if _, ok := readClientHello(body[:n]); ok && n != len(unhex(t, start)) {
			t.Errorf("the first %d bytes pass for a whole hello", n)
		}
	}
}

func TestReadServerHello(t *testing.T) {
	random := strings.Repeat("cd", 32)
	for _, c := range []struct {
		body, group, alpn string
		version, suite    uint16
		retry, ok         bool
	}{
		{"0303" + random + "00 c02f 00", "", "", 0x0303, 0xc02f, false, true},
		{"0303" + random + "00 c02f 00 0009 0010 0005 0003 02 6869", "", "hi", 0x0303, 0xc02f, false, true},
		{"0303" + random + "00 1301 00 000e 002b 0002 0304 0033 0004 001d 0000", "x25519", "", 0x0304, 0x1301, false, true},
		{
			"0303" + hex.EncodeToString([]byte(retryRandom)) + "00 1301 00 000c 002b 0002 0304 0033 0002 0018",
			"secp384r1", "", 0x0304, 0x1301, true, true,
		},
		{"0303" + random + "00 c02f 00 0009", "", "", 0x0303, 0xc02f, false, false},
		{"0303" + random + "00", "", "", 0x0303, 0, false, false},
	} {
		h, ok := readServerHello(unhex(t, c.body))
		if ok != c.ok || h.group != c.group || h.alpn != c.alpn || h.version != c.version || h.suite != c.suite || h.retry != c.retry {
			t.Errorf("%s: ok=%v %+v", c.body, ok, h)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{versionName(2), "ssl2"},
		{versionName(0x300), "ssl3"},
		{versionName(0x301), "1.0"},
		{versionName(0x304), "1.3"},
		{versionName(0x7f1c), "0x7f1c"},
		{suiteName(0x0000), "TLS_NULL_WITH_NULL_NULL"},
		{suiteName(0x000a), "TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
		{suiteName(0x5600), "TLS_FALLBACK_SCSV"},
		{suiteName(0x1305), "0x1305"},
		{suiteName(0xcca8), "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
		{suiteName(0xfafa), "GREASE(0xfafa)"},
		{suiteName(0xfa0a), "0xfa0a"},
		{groupName(23), "secp256r1"},
		{groupName(0x100), "ffdhe2048"},
		{alertName(116), "certificate_required"},
		{alertName(99), "0x63"},
		{messageName(2), "server_hello"},
		{recordName(24), "heartbeat"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

// TestTablesAreReadable has every line be a number and a name, in order.
func TestTablesAreReadable(t *testing.T) {
	for _, table := range []string{suiteTable, groupTable, alertTable, extensionTable, compressionTable, messageTable, recordTable} {
		last := ""
		for line := range strings.Lines(strings.TrimPrefix(table, "\n")) {
			number, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			if !ok || len(number) != 4 || name == "" || number <= last {
				t.Errorf("line %q after %q", line, last)
			}
			last = number
		}
	}
}
