package results

import (
	"cmp"
	"fmt"
	"slices"
)

// Matrix says what became of a message under each policy of a sender before each
// peer, for several targets side by side. Its JSON is read by other tools.
type Matrix struct {
	// Targets in the order of the reports.
	Targets []MatrixTarget `json:"targets"`
}

// MatrixTarget is what one target did.
type MatrixTarget struct {
	// Target by name, with the variant behind a slash where another column of the
	// matrix has the same name; Version as it gave it.
	Target  string `json:"target"`
	Version string `json:"version"`
	// Rows are its policies, in the order in which they are claimed.
	Rows []MatrixRow `json:"rows"`
}

// MatrixRow is what a target did under one policy.
type MatrixRow struct {
	// Policy by name, and as it is claimed.
	Policy  string       `json:"policy"`
	Claimed SenderPolicy `json:"-"`
	// Cells by peer, in the order of the catalogue; a peer that the policy was not
	// put before has none.
	Cells []MatrixCell `json:"cells"`
}

// MatrixCell is what became of one message.
type MatrixCell struct {
	// Profile is the peer's name.
	Profile string `json:"profile"`
	// Code, Seconds, Connections and TLS: see Fate. The code of a cell that was not
	// played, or is not known, is FateUnknown.
	Code        FateCode `json:"code"`
	Seconds     float64  `json:"seconds"`
	Connections int      `json:"connections"`
	TLS         string   `json:"tls"`
	// Leaked counts the bytes that the policy forbids to let out.
	Leaked int64 `json:"leaked_bytes"`
	// Case is the key of the case, Status its verdict's, and Why what there is to
	// say of it: the reason of a cell that is not known, or what was wanted and seen
	// where the policy is not what it claims to be.
	Case   string `json:"-"`
	Status Status `json:"-"`
	Why    string `json:"-"`
}

// Known tells whether the cell says what became of the message, its case being
// decided.
func (c MatrixCell) Known() bool {
	return c.Code != FateUnknown && !c.Status.Undecided()
}

// NewMatrix reads the cells of stored reports. Reports without a sender's cells
// have no rows.
func NewMatrix(reports ...*Report) Matrix {
	m := Matrix{Targets: []MatrixTarget{}}
	for _, r := range reports {
		t := MatrixTarget{Target: r.Target.Name, Version: r.Target.Version, Rows: []MatrixRow{}}
		if slices.ContainsFunc(reports, func(o *Report) bool { return o.Target.Name == t.Target && o.Target.Variant != r.Target.Variant }) {
			t.Target = r.Target.String()
		}
		for i := range r.Cases {
			if c := &r.Cases[i]; c.Cell && c.Policy != "" && c.Status != StatusNA {
				t.add(c, r.Claims)
			}
		}
		slices.SortStableFunc(t.Rows, func(a, b MatrixRow) int { return claimedAt(r.Claims, a.Policy) - claimedAt(r.Claims, b.Policy) })
		m.Targets = append(m.Targets, t)
	}
	return m
}

// claimedAt is the place of a policy among those that are claimed.
func claimedAt(c Claims, policy string) int {
	return slices.IndexFunc(c.Policies, func(p SenderPolicy) bool { return p.Name == policy })
}

// add puts a case's cell into the row of its policy.
func (t *MatrixTarget) add(c *CaseResult, claims Claims) {
	i := slices.IndexFunc(t.Rows, func(r MatrixRow) bool { return r.Policy == c.Policy })
	if i < 0 {
		p, _ := claims.Policy(c.Policy)
		i = len(t.Rows)
		t.Rows = append(t.Rows, MatrixRow{Policy: c.Policy, Claimed: p})
	}
	t.Rows[i].Cells = append(t.Rows[i].Cells, cellOf(c))
}

// cellOf is the cell of a case.
func cellOf(c *CaseResult) MatrixCell {
	cell := MatrixCell{Profile: c.Profile, Code: FateUnknown, Leaked: c.Leaked, Case: c.Key(), Status: c.Status}
	if f := c.Fate; f != nil {
		cell.Code, cell.Seconds, cell.Connections, cell.TLS = f.Code, f.Seconds, f.Connections, f.TLS
	}
	switch {
	case c.Status == StatusFail || c.Leaked > 0:
		cell.Why = fmt.Sprintf("want %s; got %s", c.Want, c.Got)
	case !cell.Known():
		cell.Why = cmp.Or(c.Reason, c.Got, "nothing was seen of it")
	}
	return cell
}

// Cell finds a cell by policy and peer.
func (t MatrixTarget) Cell(policy, profile string) (MatrixCell, bool) {
	for _, r := range t.Rows {
		for _, c := range r.Cells {
			if r.Policy == policy && c.Profile == profile {
				return c, true
			}
		}
	}
	return MatrixCell{}, false
}

// Profiles are the peers of all targets, in the order in which they come.
func (m Matrix) Profiles() []string {
	var all []string
	m.each(func(_ MatrixTarget, _ MatrixRow, c MatrixCell) {
		if !slices.Contains(all, c.Profile) {
			all = append(all, c.Profile)
		}
	})
	return all
}

// policies of all targets, in the order in which they come.
func (m Matrix) policies() []string {
	var all []string
	for _, t := range m.Targets {
		for _, r := range t.Rows {
			if !slices.Contains(all, r.Policy) {
				all = append(all, r.Policy)
			}
		}
	}
	return all
}

// each visits every cell.
func (m Matrix) each(visit func(MatrixTarget, MatrixRow, MatrixCell)) {
	for _, t := range m.Targets {
		for _, r := range t.Rows {
			for _, c := range r.Cells {
				visit(t, r, c)
			}
		}
	}
}

// ExitCode is what the matrix comes to: ExitNonconforming with a byte leaked
// under a policy that forbids it, ExitUndecided with a cell that is not known or
// without any, and ExitConforming else. Whether a policy is what it claims to be
// is for the report to say.
func (m Matrix) ExitCode() int {
	cells, leaked, unknown := 0, false, false
	m.each(func(_ MatrixTarget, _ MatrixRow, c MatrixCell) {
		cells++
		leaked = leaked || c.Leaked > 0
		unknown = unknown || !c.Known()
	})
	switch {
	case leaked:
		return ExitNonconforming
	case unknown || cells == 0:
		return ExitUndecided
	}
	return ExitConforming
}
