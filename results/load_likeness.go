package results

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Likeness is what two runs have in common when their figures can be compared.
type Likeness struct {
	// Machine class: system, architecture, CPU and how many the generator uses.
	Machine string `json:"machine"`
	// Go that the generator was built with.
	Go string `json:"go"`
	// Peer is the kind of thing that was loaded, without its version: the version is
	// what comparisons are about.
	Peer string `json:"peer"`
	// Connection is what was negotiated; see Env.
	Connection string `json:"connection"`
	// Plan holds the keys of the plan by which the load is another, and their values
	// as plans write them.
	Plan map[string]string `json:"plan"`
}

// Likeness of a run.
func (r *Run) Likeness() Likeness {
	e := r.Env
	return Likeness{Machine: e.machine(), Go: e.Tool.Go, Peer: r.peer(), Connection: e.Connection, Plan: r.Plan.settings()}
}

// machine is the class of the machine.
func (e Env) machine() string {
	return strings.Join(strings.Fields(fmt.Sprintf("%s/%s %s %s, %d processors", e.OS, e.Arch, e.Level, e.CPU, e.Procs)), " ")
}

// peer names what was loaded. The name of a target in a run has its version
// behind it.
func (r *Run) peer() string {
	switch {
	case r.Plan.Target != "":
		if name, _, _ := strings.Cut(r.Env.Target, " "); name != "" {
			return name
		}
		return r.Plan.Target
	case r.Plan.Peer != "":
		return "peer " + r.Plan.Peer
	}
	return r.Plan.Addr
}

// settings are the keys of a plan that change the load. Left out are its name, what
// is loaded, what is drawn and what is judged.
func (p Plan) settings() map[string]string {
	p.Name, p.Addr, p.Target, p.Peer, p.Seed, p.Thresholds = "", "", "", "", 0, nil
	text, err := json.Marshal(p.Filled())
	var keys map[string]json.RawMessage
	if err == nil {
		err = json.Unmarshal(text, &keys)
	}
	if err != nil {
		return map[string]string{"plan": err.Error()} // a plan always can be written
	}
	settings := map[string]string{}
	for key, value := range keys {
		settings[key] = strings.Trim(string(value), `"`)
	}
	return settings
}

// Aspect is one thing that runs have in common when they can be compared.
type Aspect string

// The aspects.
const (
	AspectMachine    Aspect = "machine"
	AspectGo         Aspect = "go"
	AspectPeer       Aspect = "peer"
	AspectConnection Aspect = "connection"
	AspectPlan       Aspect = "plan"
)

// Aspects lists every aspect.
func Aspects() []Aspect {
	return []Aspect{AspectMachine, AspectGo, AspectPeer, AspectConnection, AspectPlan}
}

// UnmarshalText reads an aspect.
func (a *Aspect) UnmarshalText(text []byte) error { return oneOf(a, text, Aspects()) }

// Difference is an aspect in which two runs differ.
type Difference struct {
	Aspect Aspect
	// Of is what differs: the aspect, or a key of the plan.
	Of string
	// Base and Now are the two values; "none" where there is none.
	Base, Now string
}

// String names both values.
func (d Difference) String() string { return fmt.Sprintf("%s is %s and %s", d.Of, d.Base, d.Now) }

// Differences lists how two runs differ, in the order of the aspects.
func (l Likeness) Differences(now Likeness) []Difference {
	var all []Difference
	add := func(a Aspect, of, base, now string) {
		if base != now {
			all = append(all, Difference{Aspect: a, Of: of, Base: orElse(base, "none"), Now: orElse(now, "none")})
		}
	}
	add(AspectMachine, "machine", l.Machine, now.Machine)
	add(AspectGo, "Go", l.Go, now.Go)
	add(AspectPeer, "peer", l.Peer, now.Peer)
	add(AspectConnection, "connection", l.Connection, now.Connection)
	keys := slices.Sorted(maps.Keys(l.Plan))
	for _, key := range slices.Sorted(maps.Keys(now.Plan)) {
		if _, both := l.Plan[key]; !both {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		add(AspectPlan, "plan's "+key, l.Plan[key], now.Plan[key])
	}
	return all
}
