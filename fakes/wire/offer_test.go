package wire

import (
	"strings"
	"testing"
)

func TestReadOfferTellsWhatIsNoHello(t *testing.T) {
	for name, c := range map[string]struct {
		bytes string
		more  bool
	}{
		"nothing":            {"", true},
		"a header":           {"\x16\x03\x01", true},
		"a command":          {"MAIL FROM:<x>\r\n", false},
		"an alert":           {"\x15\x03\x01\x00\x02\x02\x28", false},
		"another message":    {"\x16\x03\x01\x00\x04\x02\x00\x00\x00", false},
		"an unfinished one":  {"\x16\x03\x01\x00\x04\x01\x00\x00\x09", true},
		"far too much of it": {strings.Repeat("\x16\x03\x01\x00\x04\x01\xff\xff\xff", 10<<10), false},
	} {
		t.Run(name, func(t *testing.T) {
			if o, more := ReadOffer([]byte(c.bytes)); o != nil || more != c.more {
				t.Errorf("got %+v, more %v", o, more)
			}
		})
	}
}

func TestReadServerFlight(t *testing.T) {
	random := strings.Repeat("cd", 32)
	h, ok := readServerHello(unhex(t, "0303"+random+"00 009e 01 0009 0017 0000 ff01 0001 00"))
	if !ok || h.compression != "DEFLATE" || strings.Join(h.extensions, " ") != "extended_master_secret renegotiation_info" {
		t.Errorf("ok=%v %+v", ok, h)
	}
	for body, want := range map[string]int{"0002 8001 0001 02 0001 04": 16, "0003 00ffff": 16, "": 0, "0004 01": 0} {
		if got := readDHBits(unhex(t, body)); got != want {
			t.Errorf("%s is a prime of %d bits, want %d", body, got, want)
		}
	}
}
