package targets

import (
	"context"
	"crypto/x509"
	"errors"
	"strings"
	"sync"

	"mailtls/fakes"
	"mailtls/fakes/receiver"
	"mailtls/fakes/sender"
)

// onward is what becomes of the mail that a model accepts.
type onward struct {
	put  func(context.Context, receiver.Message) error
	idle func(context.Context) (bool, error)
	// wait returns when nothing is under way any more, once the model has ended.
	wait func()
}

// onwardOf hands mail on to the collector, or sends it by the model's policies where
// a route says where to.
func onwardOf(ctx context.Context, m fakes.Model, w Wiring) (onward, error) {
	if m.Sends == nil || w.Route == nil && w.Collector != "" {
		q := newQueue(ctx, w.Collector, w.Host)
		q.late, q.lateSecond, q.losesPlain = m.Late, m.LateSecond, m.LosesPlain
		return onward{put: q.put, idle: q.idle, wait: q.wait}, nil
	}
	if w.Route == nil {
		return onward{}, errors.New("it sends, and no route says where: it is for the role sender")
	}
	sends, err := m.Policies()
	if err != nil {
		return onward{}, err
	}
	mta := &sender.MTA{Host: w.Host, Route: w.Route, User: w.User, Password: w.Password, Policy: policies(sends, w.Domain)}
	if len(w.PeerRoots) > 0 {
		mta.Roots = x509.NewCertPool()
		if !mta.Roots.AppendCertsFromPEM(w.PeerRoots) {
			return onward{}, errors.New("read the roots of its peers: no certificate in PEM")
		}
	}
	var running sync.WaitGroup
	running.Go(func() { mta.Run(ctx) })
	return onward{
		put: func(ctx context.Context, m receiver.Message) error {
			return mta.Submit(ctx, sender.Mail{From: m.From, To: m.To, Data: m.Data})
		},
		idle: func(context.Context) (bool, error) { return mta.Idle(), nil },
		wait: running.Wait,
	}, nil
}

// policies finds the policy of a domain by the label directly under the common
// parent: "x.encrypt.parent" is for the policy encrypt. Other domains are sent to
// opportunistically.
func policies(all []fakes.Policy, parent string) func(string) fakes.Policy {
	byName := map[string]fakes.Policy{}
	for _, p := range all {
		byName[p.Name] = p
	}
	return func(domain string) fakes.Policy {
		labels, under := strings.CutSuffix(strings.TrimSuffix(strings.ToLower(domain), "."), "."+strings.ToLower(parent))
		if p, found := byName[labels[strings.LastIndex(labels, ".")+1:]]; found && under {
			return p
		}
		return fakes.Opportunistic()
	}
}
