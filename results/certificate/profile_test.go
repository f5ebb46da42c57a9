package certificate_test

import (
	"slices"
	"strings"
	"testing"

	"mailtls/harness"
	"mailtls/results"
	"mailtls/results/certificate"
	"mailtls/scenarios"
)

// TestProfilesNameCasesThatExist: an entry that selects nothing would silently
// require less than it says.
func TestProfilesNameCasesThatExist(t *testing.T) {
	selects := func(entry string, senders bool) bool {
		return slices.ContainsFunc(scenarios.All(), func(c scenarios.Case) bool {
			return certificate.Covers(entry, c.ID) && (c.Role == results.RoleSender) == senders
		})
	}
	for _, p := range certificate.Profiles() {
		for _, r := range p.Requires {
			for _, entry := range r.Cases {
				if !selects(entry, p.ForSenders()) {
					t.Errorf("%s: no case of its roles is %s", p.Name, entry)
				}
			}
		}
		for id, why := range p.Except {
			asked := p
			asked.Except = nil
			if !slices.Contains(harness.RequiredCases(asked), id) || why == "" {
				t.Errorf("%s: %s is not asked for, and excepted for %q", p.Name, id, why)
			}
		}
		if n := len(harness.RequiredCases(p)); n == 0 {
			t.Errorf("%s requires no case", p.Name)
		}
		for _, f := range slices.Concat(p.Claims, p.OneOf, p.Without) {
			if (results.Claims{Features: []results.Feature{f}}).Unknown() != "" {
				t.Errorf("%s: unknown claim %s", p.Name, f)
			}
		}
		if p.ForSenders() != (p.Under.Levels != nil) || p.Title == "" {
			t.Errorf("%s: policies are for senders, and a title for all", p.Name)
		}
	}
}

// TestWhatCannotBePlayedIsNotRequired: a profile that nobody can have is none.
func TestWhatCannotBePlayedIsNotRequired(t *testing.T) {
	pending := map[string]string{}
	for _, c := range scenarios.All() {
		pending[c.ID] = c.Pending
	}
	for _, p := range certificate.Profiles() {
		for _, id := range harness.RequiredCases(p) {
			if why := pending[id]; why != "" {
				t.Errorf("%s requires %s, which is pending: %s", p.Name, id, why)
			}
		}
	}
}

func TestProfilesAreFound(t *testing.T) {
	for names, want := range map[string]string{
		"lmtp,receiver-core": "", "lmtp,none": `find profile "none": there are receiver-core`, "lmtp,lmtp": "named twice", "": "none is named",
	} {
		found, err := certificate.FindProfiles(slices.DeleteFunc(strings.Split(names, ","), func(s string) bool { return s == "" }))
		if want == "" && (err != nil || len(found) != 2 || found[0].Name != "lmtp") || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %d profiles, error %v, want %q", names, len(found), err, want)
		}
	}
}

func TestMisfits(t *testing.T) {
	receiver, features := []results.Role{results.RoleReceiver}, func(f ...results.Feature) results.Claims { return results.Claims{Features: f} }
	policies := func(p ...results.SenderPolicy) results.Claims { return results.Claims{Policies: p} }
	sender := []results.Role{results.RoleSender}
	for _, tt := range []struct {
		profile string
		roles   []results.Role
		claims  results.Claims
		want    string
	}{
		{"receiver-core", receiver, features(results.FeatureStartTLS, results.FeaturePublicMX), ""},
		{"receiver-core", sender, features(results.FeatureStartTLS, results.FeaturePublicMX), "is for the role receiver, not sender"},
		{"receiver-core", receiver, features(results.FeaturePublicMX), "wants the claim starttls"},
		{"receiver-core", receiver, features(results.FeatureStartTLS), "wants one of the claims public-mx or require-tls"},
		{"receiver-core", receiver, features(results.FeatureStartTLS, results.FeaturePublicMX, results.FeatureLegacyOnly), "does not go with the claim legacy-only"},
		{"lmtp", []results.Role{results.RoleAccessServer}, features(results.FeatureLMTP), ""},
		{"sender-mandatory", sender, policies(results.SenderPolicy{Name: "a", Level: results.LevelMandatory}), ""},
		{"sender-verified", sender, policies(results.SenderPolicy{Name: "a", Level: results.LevelMandatory}), "that verifies mx-name or next-hop"},
		{"sender-opportunistic", sender, policies(results.SenderPolicy{Name: "a", Level: results.LevelMandatory}), "of level opportunistic"},
	} {
		err := profile(t, tt.profile).Misfit(tt.roles, tt.claims)
		if (tt.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.profile, err, tt.want)
		}
	}
}

func profile(t *testing.T, name string) certificate.Profile {
	t.Helper()
	found, err := certificate.FindProfiles([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	return found[0]
}

// TestResults: what each status of a required case makes of a profile.
func TestResults(t *testing.T) {
	line := func(id string, s results.Status) results.CaseResult {
		return results.CaseResult{ID: id, Role: results.RoleAccessServer, Level: results.Must, Status: s, Reason: "the reason", Got: "what was got"}
	}
	held := line("imap/starttls-missing", results.StatusPass)
	for _, tt := range []struct {
		name    string
		line    results.CaseResult
		want    certificate.Result
		against string
	}{
		{"pass", line("imap/login-listed", results.StatusPass), certificate.Success, ""},
		{"nonstrict", line("imap/login-listed", results.StatusNonstrict), certificate.Success, ""},
		{"info", line("imap/login-listed", results.StatusInfo), certificate.Success, ""},
		{"not claimed", line("imap/login-listed", results.StatusNA), certificate.Success, ""},
		{"fail", line("imap/login-listed", results.StatusFail), certificate.Failed, "imap/login-listed: fail: what was got"},
		{"waived", line("imap/login-listed", results.StatusWaived), certificate.Failed, "imap/login-listed: fail, which a waiver does not undo"},
		{"skip", line("imap/login-listed", results.StatusSkip), certificate.Partial, "imap/login-listed: skip: the reason"},
		{"pending", line("imap/login-listed", results.StatusPending), certificate.Partial, "imap/login-listed: pending: the reason"},
		{"inconclusive", line("imap/login-listed", results.StatusInconclusive), certificate.Partial, "imap/login-listed: inconclusive: the reason"},
		{"error", line("imap/login-listed", results.StatusError), certificate.Partial, "imap/login-listed: error: the reason"},
		{"not required", line("lmtp/injection", results.StatusFail), certificate.Success, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &results.Report{
				Roles:  []results.Role{results.RoleAccessServer},
				Claims: results.Claims{Features: []results.Feature{results.FeatureBasicAfterTLS, results.FeatureIMAPS}},
				Cases:  []results.CaseResult{held, tt.line},
			}
			a := certificate.Judge(profile(t, "access-basic-after-tls"), r)
			if a.Result != tt.want || !strings.Contains(strings.Join(a.Against, "; "), tt.against) || (tt.against == "") != (len(a.Against) == 0) {
				t.Errorf("got %+v, want %s against %q", a, tt.want, tt.against)
			}
		})
	}
	none := &results.Report{
		Roles:  []results.Role{results.RoleAccessServer},
		Claims: results.Claims{Features: []results.Feature{results.FeatureBasicAfterTLS, results.FeatureIMAPS}},
		Cases:  []results.CaseResult{line("imap/login-listed", results.StatusNA)},
	}
	if a := certificate.Judge(profile(t, "access-basic-after-tls"), none); a.Result != certificate.Partial {
		t.Errorf("nothing required: %+v", a)
	}
}

// TestLeaksFail: one byte under a policy that the profile judges is enough, in a
// case that it does not require too.
func TestLeaksFail(t *testing.T) {
	r := &results.Report{
		Roles: []results.Role{results.RoleSender},
		Claims: results.Claims{Policies: []results.SenderPolicy{
			{Name: "may", Level: results.LevelOpportunistic}, {Name: "encrypt", Level: results.LevelMandatory},
		}},
		Cases: []results.CaseResult{
			{ID: "handshake/reset", Role: results.RoleSender, Policy: "encrypt", Level: results.Must, Status: results.StatusPass},
			{ID: "handshake/reset", Role: results.RoleSender, Policy: "may", Level: results.Must, Status: results.StatusFail},
			{ID: "refusals/500", Role: results.RoleSender, Policy: "encrypt", Level: results.Info, Status: results.StatusInfo, Leaked: 1},
		},
	}
	a := certificate.Judge(profile(t, "sender-mandatory"), r)
	if a.Result != certificate.Failed || !slices.Equal(a.Against, []string{"refusals/500@encrypt: 1 bytes leaked"}) || a.Required != 1 {
		t.Errorf("got %+v", a)
	}
	a = certificate.Judge(profile(t, "sender-opportunistic"), r)
	if a.Result != certificate.Failed || a.Required != 1 || !slices.Equal(a.Policies, []string{"may"}) {
		t.Errorf("got %+v", a)
	}
}
