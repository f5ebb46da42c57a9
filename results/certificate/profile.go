package certificate

import (
	"fmt"
	"slices"
	"strings"

	"mailtls/results"
)

// Profile is a set of requirements that a product can be certified for.
type Profile struct {
	// Name of the profile, Title what it says of a product that has it.
	Name, Title string
	// Roles of the run that it is judged on: one of them.
	Roles []results.Role
	// Claims that have to be made, all of them, and OneOf of which one has to be;
	// Without are those that must not be made.
	Claims, OneOf, Without []results.Feature
	// Under selects the policies of a sender that are judged, one of which has to be
	// claimed; the zero value is for receivers.
	Under Under
	// Requires are the cases that have to hold, those that the claims leave out aside.
	Requires []Requirement
	// Except are the cases out of Requires that are not asked for, by id, with the
	// reason.
	Except map[string]string
}

// Under selects policies of a sender.
type Under struct {
	// Levels of the policies.
	Levels []results.TLSLevel
	// Verifies of the policies; nil is any.
	Verifies []results.Verify
}

// Selects tells whether a policy is among them.
func (u Under) Selects(p results.SenderPolicy) bool {
	return slices.Contains(u.Levels, p.Level) && (u.Verifies == nil || slices.Contains(u.Verifies, p.Verify))
}

// Requirement selects cases.
type Requirement struct {
	// Cases by id, or by the beginning of one up to a slash: an area, or a defect with
	// all its variants.
	Cases []string
	// Levels that the case must have for this target; nil is MUST alone.
	Levels []results.Level
	// AnyPolicy takes a sender's case under whichever policy it was played: one that
	// spans several policies is played under the first.
	AnyPolicy bool
}

// Selects tells whether a case with this id is required at the level.
func (r Requirement) Selects(id string, level results.Level) bool {
	levels := r.Levels
	if levels == nil {
		levels = []results.Level{results.Must}
	}
	return slices.Contains(levels, level) && slices.ContainsFunc(r.Cases, func(c string) bool { return Covers(c, id) })
}

// Covers tells whether a case's id is selected by an entry of Requirement.Cases.
func Covers(entry, id string) bool { return id == entry || strings.HasPrefix(id, entry+"/") }

// ForSenders tells whether the profile is for products that send.
func (p Profile) ForSenders() bool { return slices.Contains(p.Roles, results.RoleSender) }

// Policies are the names of the claimed policies that the profile judges.
func (p Profile) Policies(claims results.Claims) []string {
	var names []string
	for _, policy := range claims.Policies {
		if p.Under.Selects(policy) {
			names = append(names, policy.Name)
		}
	}
	return names
}

// Misfit says why a run in these roles, against these claims, cannot be judged by
// the profile; nil when it can.
func (p Profile) Misfit(roles []results.Role, claims results.Claims) error {
	fits := func(r results.Role) bool { return slices.Contains(p.Roles, r) }
	unwanted := func(f results.Feature) bool { return claims.Has(f) }
	switch missing := claims.Missing(p.Claims); {
	case !slices.ContainsFunc(roles, fits):
		return fmt.Errorf("profile %s is for the role %s, not %s", p.Name, either(p.Roles), either(roles))
	case missing != "":
		return fmt.Errorf("profile %s wants the claim %s, which the target does not make", p.Name, missing)
	case p.OneOf != nil && !slices.ContainsFunc(p.OneOf, claims.Has):
		return fmt.Errorf("profile %s wants one of the claims %s, and the target makes none of them", p.Name, either(p.OneOf))
	case slices.ContainsFunc(p.Without, unwanted):
		return fmt.Errorf("profile %s does not go with the claim %s", p.Name, p.Without[slices.IndexFunc(p.Without, unwanted)])
	case p.ForSenders() && len(p.Policies(claims)) == 0:
		return fmt.Errorf("profile %s wants a policy of level %s%s, and the target claims none", p.Name, either(p.Under.Levels), verified(p.Under))
	}
	return nil
}

// verified says in words what policies ask of the certificate.
func verified(u Under) string {
	if u.Verifies == nil {
		return ""
	}
	return " that verifies " + either(u.Verifies)
}

// either joins words by "or".
func either[W ~string](list []W) string {
	var words []string
	for _, w := range list {
		words = append(words, string(w))
	}
	return strings.Join(words, " or ")
}

// FindProfiles finds profiles by name, in the order given.
func FindProfiles(names []string) ([]Profile, error) {
	var known []string
	for _, p := range Profiles() {
		known = append(known, p.Name)
	}
	var found []Profile
	for i, name := range names {
		at := slices.Index(known, name)
		switch {
		case at < 0:
			return nil, fmt.Errorf("find profile %q: there are %s", name, strings.Join(known, ", "))
		case slices.Contains(names[:i], name):
			return nil, fmt.Errorf("find profile %q: it is named twice", name)
		}
		found = append(found, Profiles()[at])
	}
	if found == nil {
		return nil, fmt.Errorf("find profiles: none is named; there are %s", strings.Join(known, ", "))
	}
	return found, nil
}
