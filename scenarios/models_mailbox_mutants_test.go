package scenarios_test

import (
	"crypto/tls"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"mailtls/fakes"
	"mailtls/results"
)

// ways are the ways to log in that the mutants add and take away. APOP is not among
// them: it hangs on a greeting with a stamp, and no login type has it.
func ways() []string {
	return []string{fakes.LoginUser, "PLAIN", "LOGIN", "NTLM", "GSSAPI", "EXTERNAL"}
}

// boxEdits are changes of a profile by which mailboxes are served, one field each.
func boxEdits(p fakes.Profile) []edit[fakes.Profile] {
	var all []edit[fakes.Profile]
	add := func(field, to string, do func(*fakes.Profile)) {
		all = append(all, edit[fakes.Profile]{field: field, to: to, do: do})
	}
	for _, way := range ways() {
		to := fmt.Sprintf("with %s turned over", way)
		if p.Offer != fakes.OfferImplicit { // where TLS comes first nothing is said in clear
			add("Logins.Clear", to, func(p *fakes.Profile) { p.Logins.Clear = turned(p.Logins.Clear, way) })
		}
		add("Logins.TLS", to, func(p *fakes.Profile) { p.Logins.TLS = turned(p.Logins.TLS, way) })
	}
	for _, offer := range []fakes.Offer{fakes.OfferNone, fakes.OfferStartTLS, fakes.OfferBroken} {
		if offer != p.Offer {
			add("Offer", string(offer), func(p *fakes.Profile) { p.Offer = offer })
		}
	}
	for _, other := range []results.Protocol{results.SMTP, results.IMAP, results.POP3} {
		if other != p.Protocol {
			add("Protocol", string(other), func(p *fakes.Profile) { p.Protocol = other })
		}
	}
	for _, v := range []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS13} {
		add("MinTLS", tls.VersionName(v), func(p *fakes.Profile) { p.MinTLS = v })
	}
	for _, v := range []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12} {
		add("MaxTLS", tls.VersionName(v), func(p *fakes.Profile) { p.MaxTLS = v })
	}
	return all
}

// turned adds a way that is not there, and takes away one that is.
func turned(list []string, way string) []string {
	if i := slices.Index(list, way); i >= 0 {
		return slices.Delete(slices.Clone(list), i, i+1)
	}
	return append(slices.Clone(list), way)
}

// boxMutant is a profile of a mailbox model, with one field changed or, where field
// is empty, as it is.
type boxMutant struct {
	model, loginType, field, to string
	listener                    fakes.Listener
	profile                     fakes.Profile
}

func (m boxMutant) String() string {
	return fmt.Sprintf("%s at %s with %s %s", m.model, m.listener, m.field, m.to)
}

// boxMutants are all mailbox profiles as they are, and those with a change.
func boxMutants() []boxMutant {
	var all []boxMutant
	for _, m := range fakes.ProductModels() {
		for l, p := range m.Access {
			of := boxMutant{model: m.Name, loginType: m.Name[len("exchange-mailbox/"):], listener: l, profile: p}
			all = append(all, of)
			for _, e := range boxEdits(p) {
				mutant := of
				mutant.field, mutant.to = e.field, e.to
				e.do(&mutant.profile)
				all = append(all, mutant)
			}
		}
	}
	return all
}

// differs is the first session that does not go as it was told, in words; empty when
// all do.
func (m boxMutant) differs(t *testing.T) (string, error) {
	for _, k := range knocks() {
		if k.loginType != m.loginType || !k.at(m.listener) {
			continue
		}
		if why, err := k.differs(t.Context(), m.profile, m.listener); why != "" || err != nil {
			return why, err
		}
	}
	return "", nil
}

// TestEveryFieldOfAMailboxIsToldOf changes the fields of the mailbox models one by
// one, and looks for a session that was written by hand and goes otherwise.
func TestEveryFieldOfAMailboxIsToldOf(t *testing.T) {
	t.Parallel()
	var group errgroup.Group
	group.SetLimit(8)
	all := boxMutants()
	for _, m := range all {
		group.Go(func() error {
			why, err := m.differs(t)
			switch {
			case m.field == "" && why != "":
				t.Errorf("%s at %s as it is: %s", m.model, m.listener, why)
			case m.field != "" && why == "" && err == nil:
				t.Errorf("%s: no session tells", m)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d profiles and mutants", len(all))
}

// TestEverySetFieldOfAMailboxIsChangedOrNamed: a field that a mailbox model sets is
// told of, or it is said why not.
func TestEverySetFieldOfAMailboxIsChangedOrNamed(t *testing.T) {
	t.Parallel()
	not := map[string]string{"Name": "a name", "Doc": "a doc", "Clear": "not of TLS", "TLS": "not of TLS", "Logins.Clear": "nothing is said in clear"}
	checked := 0
	for _, m := range fakes.ProductModels() {
		for l, p := range m.Access {
			changed := map[string]bool{}
			for _, e := range boxEdits(p) {
				changed[e.field] = true
			}
			for _, field := range append(setFields("", reflect.ValueOf(p)), "Logins.Clear", "Logins.TLS") {
				if why := not[field]; !changed[field] && (why == "" || field == "Logins.Clear" && !l.Implicit()) {
					t.Errorf("%s at %s: %s is not changed", m.Name, l, field)
				}
				checked++
			}
		}
	}
	if checked < 12*8 {
		t.Errorf("%d fields were looked at", checked)
	}
}

// setFields are the names of the fields that are not empty, those of the logins one
// by one.
func setFields(prefix string, v reflect.Value) []string {
	var all []string
	for i := range v.NumField() {
		name, field := prefix+v.Type().Field(i).Name, v.Field(i)
		switch {
		case field.IsZero():
		case field.Kind() == reflect.Struct:
			all = append(all, setFields(name+".", field)...)
		default:
			all = append(all, name)
		}
	}
	return all
}
