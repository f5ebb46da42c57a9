package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"mailtls/fakes"
	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/scenarios"
)

// Meeting is a model that sends a message to a host of a kind.
type Meeting struct {
	Sender   fakes.Model
	Receiver fakes.Profile
}

// Met is what came of a meeting, and the transcript that proves it.
type Met struct {
	results.ModelCell
	Transcript *results.Transcript
}

// Meetings are those of every model that sends with every one that receives and
// the peers of the story.
func Meetings() []Meeting {
	var all []Meeting
	for _, s := range fakes.ProductModels() {
		if s.Sends == nil {
			continue
		}
		for _, r := range fakes.ModelReceivers() {
			all = append(all, Meeting{s, r})
		}
	}
	return all
}

// MeetOptions say how models meet.
type MeetOptions struct {
	// Domain is the parent of the recipients' domains, by which senders choose a
	// connector; empty means Domain.
	Domain string
	// KeyLog and Log: see Options.
	KeyLog, Log io.Writer
}

// Meet has one message sent in each meeting, all at once and over real
// connections, and says what became of each, in the order of the meetings. What
// is said rests on the transcripts alone. A sender's name stands for one model, a
// receiver's for one profile, and a pair may come once.
func Meet(ctx context.Context, meetings []Meeting, o MeetOptions) ([]Met, error) {
	if o.Domain == "" {
		o.Domain = Domain
	}
	usual := fakes.Opportunistic()
	all := fakes.Model{Name: "models", Doc: "All models that send.", Receives: honestProfile(), Sends: []fakes.Policy{usual}}
	peers, err := attendance(&all, meetings, o.Domain)
	if err != nil {
		return nil, err
	}
	for _, p := range all.Sends {
		all.Claims.Policies = append(all.Claims.Policies, p.SenderPolicy)
	}
	target := targets.NewInProcess(all.Name, all.Doc, all)
	w := &world{
		Options: Options{Target: target, KeyLog: o.KeyLog, Log: o.Log}, claims: all.Claims, factor: 1, domain: o.Domain,
		user: "u-" + newCanary(), password: "p-" + newCanary(), peers: peers,
		ledger: newLedger(), addresses: newAddresses(), epoch: time.Now(), submitting: make(chan struct{}, atOnce),
	}
	room, err := w.openMailroom(ctx)
	if err != nil {
		return nil, err
	}
	defer room.close()
	if err := w.startSender(ctx, target.Spec().Variants[0], room); err != nil {
		return nil, err
	}
	met, err := room.meet(ctx, meetings, usual.SenderPolicy)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err = errors.Join(err, w.running.Stop(stopping))
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("let models meet: %w", err)
	}
	return met, nil
}

// honestProfile takes whatever is submitted.
func honestProfile() fakes.Profile {
	p, _ := fakes.Receiver(honest) // it is in the catalogue
	return p
}

// attendance gives the model of all senders the policy of each toward the domain,
// under the sender's label, and returns the receivers by name.
func attendance(all *fakes.Model, meetings []Meeting, domain string) (map[string]fakes.Profile, error) {
	peers, known := map[string]fakes.Profile{}, map[string]bool{}
	for _, m := range meetings {
		peers[m.Receiver.Name] = m.Receiver
		if known[m.Sender.Name] {
			continue
		}
		known[m.Sender.Name] = true
		if m.Sender.Sends == nil {
			return nil, fmt.Errorf("let models meet: %s does not send", m.Sender.Name)
		}
		p, err := m.Sender.Toward("recipient." + domain)
		if err != nil {
			return nil, fmt.Errorf("let models meet: %s: %w", m.Sender.Name, err)
		}
		p.Name = label(m.Sender.Name)
		if err := p.Check(); err != nil {
			return nil, fmt.Errorf("let models meet: %s: %w", m.Sender.Name, err)
		}
		all.Sends = append(all.Sends, p)
	}
	return peers, nil
}

// label is the name of a model or peer as a label of a domain.
func label(name string) string { return strings.ReplaceAll(name, "/", "-") }

// meet plays the meetings, with an ordinary delivery before and after, without
// which nothing is said.
func (r *mailroom) meet(ctx context.Context, meetings []Meeting, usual results.SenderPolicy) ([]Met, error) {
	ordinarily := func(when string) error {
		said, err := r.sane(ctx, map[string]results.SenderPolicy{usual.Name: usual}, when)
		if err == nil && said[usual.Name] != results.SanityOK {
			err = fmt.Errorf("the ordinary delivery %s failed: %s", when, said[usual.Name])
		}
		return err
	}
	if err := ordinarily("before"); err != nil {
		return nil, err
	}
	met := make([]Met, len(meetings))
	var group errgroup.Group
	for i, m := range meetings {
		group.Go(func() error {
			var err error
			met[i], err = r.meeting(ctx, m)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return met, ordinarily("after")
}

// meeting plays one meeting, and reads the outcome off its transcript as it would
// be stored.
func (r *mailroom) meeting(ctx context.Context, m Meeting) (Met, error) {
	policy, _ := r.claims.Policy(label(m.Sender.Name)) // which attendance put there
	host := label(m.Receiver.Name) + strings.TrimPrefix(fakes.PartnerHosts, "*")
	u := newSending(scenarios.Case{
		ID: "models/" + label(m.Receiver.Name), Role: results.RoleSender, Protocol: results.SMTP,
		Title:      m.Sender.Name + " sends to " + m.Receiver.Name,
		Placements: []scenarios.Placement{{Peer: m.Receiver.Name, Host: host}},
	}, policy)
	u.transcript.Sanity.Before, u.transcript.Sanity.After = results.SanityOK, results.SanityOK
	if err := r.playUnit(ctx, u); err != nil {
		return Met{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var stored bytes.Buffer
	if err := results.WriteTranscript(&stored, &u.transcript); err != nil {
		return Met{}, err
	}
	t, err := results.ReadTranscript(&stored)
	if err != nil {
		return Met{}, err
	}
	cell := results.ModelCell{
		Sender: m.Sender.Name, Receiver: m.Receiver.Name, Code: results.FateUnknown,
		Sentence: scenarios.Answer(t, r.claims, m.Sender.Name, m.Receiver.Name),
	}
	if f := scenarios.Fate(t, r.claims); f != nil {
		cell.Code, cell.Seconds, cell.Connections, cell.TLS = f.Code, f.Seconds, f.Connections, f.TLS
	}
	return Met{ModelCell: cell, Transcript: t}, nil
}

// ModelMatrixOf is the matrix of what came of meetings.
func ModelMatrixOf(met []Met) results.ModelMatrix {
	m := results.ModelMatrix{Senders: []string{}, Receivers: []string{}, Cells: []results.ModelCell{}}
	senders, receivers := map[string]bool{}, map[string]bool{}
	for _, c := range met {
		if !senders[c.Sender] {
			senders[c.Sender], m.Senders = true, append(m.Senders, c.Sender)
		}
		if !receivers[c.Receiver] {
			receivers[c.Receiver], m.Receivers = true, append(m.Receivers, c.Receiver)
		}
		m.Cells = append(m.Cells, c.ModelCell)
	}
	return m
}
