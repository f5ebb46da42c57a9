package page

import (
	"fmt"
	"slices"

	"mailtls/results"
)

// code is a letter or two that tables use, and what it means.
type code struct {
	Code    results.FateCode
	Meaning string
}

// policyTable is a matrix of policies: a line a peer, a column a policy of a target.
type policyTable struct {
	Heads []head
	Rows  []policyRow
	Notes []string
}

type policyRow struct {
	Peer  string
	Cells []policyCell
}

// policyCell is what became of a message; Where is a cell of the page, its Name empty where there is none.
type policyCell struct {
	Code        results.FateCode
	Detail      string
	Class, Note string
	Where       place
}

// interopTable is what became of messages between targets: a line a sender and policy, a column a receiver.
type interopTable struct {
	Receivers []string
	Rows      []interopRow
	Notes     []string
}

type interopRow struct {
	Sender, Policy string
	Cells          []tableCell
}

// matrices works out the tables of what became of messages.
func (p *page) matrices(in Input) {
	var reports []*results.Report
	var names []string
	for i, r := range in.Reports {
		if slices.ContainsFunc(r.Cases, func(c results.CaseResult) bool { return c.Cell && c.Policy != "" }) {
			reports, names = append(reports, r.Report), append(names, p.book.names[i])
		}
	}
	used := map[results.FateCode]bool{}
	played := results.NewMatrix(reports...)
	if len(reports) > 0 {
		p.Policies = append(p.Policies, newPolicyTable(played, names, used))
	}
	for _, m := range in.Matrices {
		m.Targets = slices.DeleteFunc(slices.Clone(m.Targets), func(t results.MatrixTarget) bool {
			return slices.ContainsFunc(played.Targets, func(o results.MatrixTarget) bool { return o.Target == t.Target && o.Version == t.Version })
		})
		if len(m.Targets) > 0 {
			p.Policies = append(p.Policies, newPolicyTable(m, nil, used))
		}
	}
	for _, m := range in.Models {
		p.Models = append(p.Models, modelTable(m, used))
	}
	for _, m := range in.Interop {
		p.Interop = append(p.Interop, newInteropTable(m, used))
	}
	for _, c := range append(results.FateCodes(), results.InteropNone) {
		if !used[c] {
			continue
		}
		meaning := c.Meaning()
		if c == results.InteropNone {
			meaning = "not put together"
		}
		p.Codes = append(p.Codes, code{c, meaning})
	}
}

// newPolicyTable lays a matrix out; names are those of the page's reports, nil where cells cannot be gone to.
func newPolicyTable(m results.Matrix, names []string, used map[results.FateCode]bool) policyTable {
	var t policyTable
	for _, profile := range m.Profiles() {
		t.Rows = append(t.Rows, policyRow{Peer: profile})
	}
	for i, target := range m.Targets {
		h := head{Name: target.Target, Version: target.Version}
		for _, r := range target.Rows {
			h.Policies = append(h.Policies, r.Policy)
			for j := range t.Rows {
				c, found := target.Cell(r.Policy, t.Rows[j].Peer)
				cell := policyCell{Code: "–", Class: "na"}
				if found {
					used[c.Code] = true
					cell = newPolicyCell(c)
					if names != nil && c.Case != "" {
						cell.Where = place{Name: names[i], Case: c.Case}
					}
				}
				t.Rows[j].Cells = append(t.Rows[j].Cells, cell)
			}
		}
		if h.Policies != nil {
			t.Heads = append(t.Heads, h)
		}
	}
	return t
}

func newPolicyCell(c results.MatrixCell) policyCell {
	cell := policyCell{Code: c.Code, Class: fateClass(c.Code)}
	if c.Connections > 0 {
		cell.Detail = fmt.Sprintf("%.1f/%d", c.Seconds, c.Connections)
	}
	switch {
	case c.Leaked > 0:
		cell.Class, cell.Note = "fail", fmt.Sprintf("!%d", c.Leaked)
	case c.Status == results.StatusFail:
		cell.Note = "*"
	case !c.Known():
		cell.Note = "?"
	}
	return cell
}

// fateClass is the class that a code is shown in.
func fateClass(c results.FateCode) string {
	switch {
	case c.Plain():
		return "clear"
	case c.Encrypted():
		return "tls"
	case c == results.FateDeferred, c == results.FateBounced:
		return "kept"
	}
	return "na"
}

// modelTable lays a matrix of models out: a line a receiver, a column a sender.
func modelTable(m results.ModelMatrix, used map[results.FateCode]bool) table {
	t := table{Caption: "Models: what became of a message, by who receives it and who sends it", Heads: m.Senders}
	for _, receiver := range m.Receivers {
		r := tableRow{Name: receiver}
		for _, sender := range m.Senders {
			c, found := m.Cell(sender, receiver)
			if !found {
				c.Code = results.InteropNone
			}
			used[c.Code] = true
			r.Cells = append(r.Cells, tableCell{string(c.Code), fateClass(c.Code)})
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

// newInteropTable lays an interop page out.
func newInteropTable(m results.Interop, used map[results.FateCode]bool) interopTable {
	var t interopTable
	at := map[[2]string]int{}
	for _, p := range m.Pairs {
		if !slices.Contains(t.Receivers, p.Receiver) {
			t.Receivers = append(t.Receivers, p.Receiver)
		}
	}
	for _, p := range m.Pairs {
		used[p.Code] = true
		key := [2]string{p.Sender, p.Policy}
		i, known := at[key]
		if !known {
			i = len(t.Rows)
			at[key] = i
			r := interopRow{Sender: p.Sender, Policy: p.Policy, Cells: make([]tableCell, len(t.Receivers))}
			for j := range r.Cells {
				r.Cells[j] = tableCell{results.InteropNone, "na"}
			}
			t.Rows = append(t.Rows, r)
		}
		t.Rows[i].Cells[slices.Index(t.Receivers, p.Receiver)] = tableCell{string(p.Code), fateClass(p.Code)}
		if p.Note == "" {
			continue
		}
		if n := p.Sender + " to " + p.Receiver + ": " + p.Note; !slices.Contains(t.Notes, n) {
			t.Notes = append(t.Notes, n)
		}
	}
	return t
}
