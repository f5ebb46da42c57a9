package results

import (
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Span is a duration as plans write it: 90s, 1m30s.
type Span time.Duration

// String is the duration in Go's notation.
func (s Span) String() string { return time.Duration(s).String() }

// MarshalText gives String.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a duration of 0 or more.
func (s *Span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	switch {
	case err != nil:
		return fmt.Errorf("%q is no duration such as 30s or 1m30s", text)
	case d < 0:
		return fmt.Errorf("%q is below 0", text)
	}
	*s = Span(d)
	return nil
}

// Rate is how many sessions begin in a second.
type Rate float64

// maxRate is more than any machine begins, and keeps schedules within whole
// nanoseconds.
const maxRate = 1e7

// String writes the rate as plans do: 250/s.
func (r Rate) String() string { return strconv.FormatFloat(float64(r), 'g', -1, 64) + "/s" }

// MarshalText gives String.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a rate a second, minute or hour: 250/s, 30/m, 10/h; a
// number alone is a second's.
func (r *Rate) UnmarshalText(text []byte) error {
	number, unit, _ := strings.Cut(string(text), "/")
	seconds, known := map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600}[unit]
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !known || math.IsNaN(n) {
		return fmt.Errorf("%q is no rate such as 250/s", text)
	}
	if n /= seconds; n < 0 || n > maxRate {
		return fmt.Errorf("%q is not between 0/s and %s", text, Rate(maxRate))
	}
	*r = Rate(n)
	return nil
}

// Ramp goes evenly from one rate to another.
type Ramp struct{ From, To Rate }

// String writes the ramp as plans do: 10/s..200/s.
func (r Ramp) String() string { return r.From.String() + ".." + r.To.String() }

// MarshalText gives String.
func (r Ramp) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads FROM..TO.
func (r *Ramp) UnmarshalText(text []byte) error {
	from, to, found := strings.Cut(string(text), "..")
	if !found {
		return fmt.Errorf("%q is no ramp such as 10/s..200/s", text)
	}
	return errors.Join(r.From.UnmarshalText([]byte(from)), r.To.UnmarshalText([]byte(to)))
}

// Step is a rate that is kept for a while.
type Step struct {
	Rate Rate
	For  Span
}

// String writes the step as plans do: 50/s:10s.
func (s Step) String() string { return s.Rate.String() + ":" + s.For.String() }

// MarshalText gives String.
func (s Step) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads RATE:DURATION.
func (s *Step) UnmarshalText(text []byte) error {
	rate, span, found := strings.Cut(string(text), ":")
	if !found {
		return fmt.Errorf("%q is no step such as 50/s:10s", text)
	}
	return errors.Join(s.Rate.UnmarshalText([]byte(rate)), s.For.UnmarshalText([]byte(span)))
}

// Shard is one of the machines that a plan is split over. The zero value is the
// whole plan.
type Shard struct {
	// Index of the shard, from 0; Of is how many there are.
	Index, Of int
}

// String writes the shard as plans do: 0/4.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Of) }

// MarshalText gives String.
func (s Shard) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads INDEX/OF.
func (s *Shard) UnmarshalText(text []byte) error {
	index, of, found := strings.Cut(string(text), "/")
	i, errIndex := strconv.Atoi(index)
	n, errOf := strconv.Atoi(of)
	if !found || errIndex != nil || errOf != nil || i < 0 || i >= n || n > 10_000 {
		return fmt.Errorf("%q is no shard such as 0/4: want INDEX/OF, the index from 0 and below OF", text)
	}
	*s = Shard{Index: i, Of: n}
	return nil
}

// Whole is the shard with the zero value spelled out as 0/1.
func (s Shard) Whole() Shard {
	if s.Of == 0 {
		return Shard{Of: 1}
	}
	return s
}

// TLSVersion is a version of TLS by its number on the wire; 0 leaves it to the
// library.
type TLSVersion uint16

// tlsVersions are the versions that a plan can name.
func tlsVersions() map[string]TLSVersion {
	return map[string]TLSVersion{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
}

// String is the version as plans write it: 1.3.
func (v TLSVersion) String() string {
	for name, n := range tlsVersions() {
		if n == v {
			return name
		}
	}
	return fmt.Sprintf("%#04x", uint16(v))
}

// MarshalText gives String.
func (v TLSVersion) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads 1.0, 1.1, 1.2 or 1.3.
func (v *TLSVersion) UnmarshalText(text []byte) error {
	n, known := tlsVersions()[string(text)]
	if !known {
		return fmt.Errorf("%q is none of 1.0, 1.1, 1.2, 1.3", text)
	}
	*v = n
	return nil
}

// Group is a key exchange group by its number on the wire; 0 leaves it to the
// library.
type Group tls.CurveID

// groups are the groups that a plan can name.
func groups() map[string]Group {
	return map[string]Group{
		"X25519": Group(tls.X25519), "P-256": Group(tls.CurveP256), "P-384": Group(tls.CurveP384), "X25519MLKEM768": Group(tls.X25519MLKEM768),
	}
}

// String is the group as plans write it: X25519.
func (g Group) String() string {
	for name, n := range groups() {
		if n == g {
			return name
		}
	}
	return fmt.Sprintf("%#04x", uint16(g))
}

// MarshalText gives String.
func (g Group) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText reads the name of a group.
func (g *Group) UnmarshalText(text []byte) error {
	n, known := groups()[string(text)]
	if !known {
		return fmt.Errorf("%q is none of X25519, P-256, P-384, X25519MLKEM768", text)
	}
	*g = n
	return nil
}

// Suite is a cipher suite of TLS 1.2 or below by its number on the wire; 0 leaves
// it to the library. Those of TLS 1.3 cannot be chosen.
type Suite uint16

// String is the suite's registered name.
func (s Suite) String() string { return tls.CipherSuiteName(uint16(s)) }

// MarshalText gives String.
func (s Suite) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the registered name of a suite.
func (s *Suite) UnmarshalText(text []byte) error {
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if suite.Name == string(text) && suite.SupportedVersions[0] < tls.VersionTLS13 {
			*s = Suite(suite.ID)
			return nil
		}
	}
	return fmt.Errorf("%q is no cipher suite of TLS 1.2 or below that this program knows", text)
}
