package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"mailtls/harness/targets"
	"mailtls/results"
)

// Party is a target that takes part in interop, as a sender, a receiver, or both.
type Party struct {
	// Name that it was asked for by: a target's, with a variant behind a slash.
	Name   string
	Target targets.Target
	// Sender and Receiver are the variants that it plays; nil where it does not.
	Sender, Receiver *targets.Variant
}

// NewParty finds a target by name. Without a variant each side is played by the
// first that can.
func NewParty(name string) (Party, error) {
	base, variant := targets.Split(name)
	target, err := targets.Find(base)
	if err != nil {
		return Party{}, err
	}
	p := Party{Name: name, Target: target}
	if v, err := target.Spec().Variant(variant, results.RoleSender); err == nil && v.Plays(results.RoleSender) {
		p.Sender = &v
	}
	v, err := target.Spec().Variant(variant, results.RoleReceiver)
	if err == nil && v.Plays(results.RoleReceiver) && v.Claims.Has(results.FeatureReadback) {
		p.Receiver = &v
	}
	switch {
	case p.Sender != nil || p.Receiver != nil:
		return p, nil
	case variant != "" && err != nil:
		return p, err
	}
	return p, fmt.Errorf("let %s take part: it neither sends nor takes mail that can be read back", name)
}

// lone tells whether only one instance of the target can run at a time.
func (p Party) lone() bool { return !p.Target.Spec().Direct }

// InteropOptions say how targets are put together.
type InteropOptions struct {
	// Policies of the senders, by name; a sender that claims none of them is played
	// under all that it claims. Nil means DefaultInteropPolicies.
	Policies []string
	// KeyLog and Log: see Options. Say is told, in words, how far it has come; nil
	// tells nobody.
	KeyLog, Log io.Writer
	Say         func(string)
}

// DefaultInteropPolicies are those that tell most of a sender's conduct apart.
func DefaultInteropPolicies() []string { return []string{"none", "may", "encrypt", "verify"} }

// Handed is what became of one message, and the transcript that proves it; nil
// where two targets were not put together.
type Handed struct {
	results.InteropPair
	Transcript *results.Transcript
}

// loneNote is why a target is not put before itself.
const loneNote = "not supported: one root runs one instance"

// Interop puts every party that sends before every one that receives, and says
// what became of a message under each policy, in the order of the parties. A
// message counts as delivered when it was read back behind the receiver. Targets
// of this process run together, others one after the other as receivers.
func Interop(ctx context.Context, parties []Party, o InteropOptions) ([]Handed, error) {
	if err := check(parties); err != nil {
		return nil, err
	}
	if o.Policies == nil {
		o.Policies = DefaultInteropPolicies()
	}
	e := &encounter{InteropOptions: o, addresses: newAddresses(), epoch: time.Now(), outcome: map[results.InteropPair]Handed{}}
	for _, receivers := range turns(parties) {
		if err := e.turn(ctx, parties, receivers); err != nil {
			return nil, fmt.Errorf("put targets together: %w", err)
		}
	}
	return e.all(parties), ctx.Err()
}

// check refuses what cannot be played.
func check(parties []Party) error {
	sends, receives := map[string]string{}, false
	for i, p := range parties {
		if slices.ContainsFunc(parties[:i], func(q Party) bool { return q.Name == p.Name }) {
			return fmt.Errorf("put targets together: %s is named twice", p.Name)
		}
		if err := p.Target.Available(); err != nil {
			return fmt.Errorf("put targets together: %s: %w", p.Name, err)
		}
		receives = receives || p.Receiver != nil
		if p.Sender == nil {
			continue
		}
		name := p.Target.Spec().Name
		if other := sends[name]; other != "" && p.lone() {
			return fmt.Errorf("put targets together: %s and %s both send, and one root runs one instance: leave one out", other, p.Name)
		}
		sends[name] = p.Name
	}
	if len(sends) == 0 || !receives {
		return errors.New("put targets together: there is no sender, or no receiver")
	}
	return nil
}

// turns are the receivers that stand at a time: those of this process together,
// and every other by itself, since it may have to send in the other turns.
func turns(parties []Party) [][]Party {
	var here []Party
	var all [][]Party
	for _, p := range parties {
		switch {
		case p.Receiver == nil:
		case p.lone():
			all = append(all, []Party{p})
		default:
			here = append(here, p)
		}
	}
	if len(here) > 0 {
		all = append([][]Party{here}, all...)
	}
	return all
}

// policies are those that a sender is played under.
func (o InteropOptions) policies(p Party) []results.SenderPolicy {
	claimed := p.Sender.Claims.Policies
	chosen := slices.DeleteFunc(slices.Clone(claimed), func(c results.SenderPolicy) bool { return !slices.Contains(o.Policies, c.Name) })
	if len(chosen) == 0 {
		return claimed
	}
	return chosen
}

// encounter is what the turns share.
type encounter struct {
	InteropOptions
	addresses *addresses
	epoch     time.Time
	outcome   map[results.InteropPair]Handed
}

// key finds a message's outcome.
func key(sender, receiver, policy string) results.InteropPair {
	return results.InteropPair{Sender: sender, Receiver: receiver, Policy: policy}
}

// all are the outcomes in the order of the parties.
func (e *encounter) all(parties []Party) []Handed {
	var all []Handed
	for _, s := range parties {
		if s.Sender == nil {
			continue
		}
		for _, policy := range e.policies(s) {
			for _, r := range parties {
				if r.Receiver == nil {
					continue
				}
				k := key(s.Name, r.Name, policy.Name)
				h, played := e.outcome[k]
				if !played {
					h.InteropPair = k
					h.Code, h.Note = results.InteropNone, loneNote
				}
				all = append(all, h)
			}
		}
	}
	return all
}

// turn starts some receivers and all senders that can run beside them, and has
// mail handed from each sender to each receiver.
func (e *encounter) turn(ctx context.Context, parties, receiving []Party) (err error) {
	var senders []Party
	for _, s := range parties {
		same := func(r Party) bool { return s.lone() && r.Target.Spec().Name == s.Target.Spec().Name }
		if s.Sender != nil && !slices.ContainsFunc(receiving, same) {
			senders = append(senders, s)
		}
	}
	if len(senders) == 0 {
		return nil
	}
	f := &far{encounter: e}
	defer func() { err = errors.Join(err, f.close()) }()
	var trusted []byte
	for _, r := range receiving {
		host, err := f.open(ctx, r, e.names(r, senders))
		if err != nil {
			return err
		}
		trusted = append(trusted, host.running.RootPEM...)
	}
	var group errgroup.Group
	given := make([][]Handed, len(senders))
	for i, s := range senders {
		group.Go(func() error {
			var err error
			given[i], err = f.send(ctx, s, trusted)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, h := range slices.Concat(given...) {
		e.outcome[key(h.Sender, h.Receiver, h.Policy)] = h
	}
	return nil
}

// say tells how far it has come.
func (e *encounter) say(format string, args ...any) {
	if e.Say != nil {
		e.Say(fmt.Sprintf(format, args...))
	}
}

// logTo is where targets print.
func (e *encounter) logTo() io.Writer {
	return cmp.Or[io.Writer](e.Log, io.Discard)
}
