package harness

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"mailtls/bench"
	"mailtls/harness/targets"
	"mailtls/results"
	"mailtls/results/comparison"
)

// DefaultPairs are enough to find 5 % more CPU time of a target nine times of ten
// where that of one pair's halves differs by 8 % (standard deviation).
const DefaultPairs = 36

// PairedOptions say what is measured in alternation.
type PairedOptions struct {
	// LoadOptions of both sides. Plan, Progress and Try are not used; Out is the
	// folder that pairs are kept in, and taken up from.
	LoadOptions
	// Base and Now are the plans of the two sides. What they load may differ, and
	// whatever else.
	Base, Now results.Plan
	// Pairs is how many are wanted.
	Pairs int
	// Compare says what counts as a difference. Peer, connection and plan may
	// always differ.
	Compare comparison.Options
	// Taken is called after each pair with how many there are; nil for no calls.
	Taken func(pairs int)
}

// Paired measures two sides in alternation, first the one and then the other, then
// the other way round, and compares them pair by pair: what disturbs the machine for
// longer than a pair disturbs both alike. When the context ends the error is its own;
// the pairs there are stay in Out, where the same options take them up, and are
// compared if there is one.
func Paired(ctx context.Context, o PairedOptions) (*comparison.Comparison, error) {
	if o.Pairs < 1 {
		return nil, fmt.Errorf("measure in pairs: %d pairs: want one or more", o.Pairs)
	}
	o.Base, o.Now = short(o.Base).Filled(), short(o.Now).Filled()
	if err := o.check(); err != nil {
		return nil, err
	}
	kept, err := openPairs(o.Out, o.Base, o.Now)
	if err != nil {
		return nil, err
	}
	err = o.take(ctx, kept)
	if len(kept.pairs) == 0 {
		return nil, err
	}
	o.Compare.Allow = append(o.Compare.Allow, results.AspectPeer, results.AspectConnection, results.AspectPlan)
	load, compareErr := comparison.Paired(kept.pairs[:min(len(kept.pairs), o.Pairs)], o.Compare)
	if compareErr != nil {
		return nil, errors.Join(err, compareErr)
	}
	c := comparison.New(load, nil)
	return c, errors.Join(err, kept.conclude(c))
}

// What a half of a pair is where the plan does not say. Few workers keep both CPUs of
// a small machine busy, and a part of a second is some hundred handshakes.
const (
	halfWorkers  = 2
	halfDuration = results.Span(500 * time.Millisecond)
	halfWarmup   = results.Span(50 * time.Millisecond)
)

// short fills a plan for half of a pair.
func short(p results.Plan) results.Plan {
	if p.Rate == 0 && p.Workers == 0 && p.Ramp == (results.Ramp{}) && len(p.Steps) == 0 && p.FindMax == (results.Ramp{}) {
		p.Workers = halfWorkers
	}
	if p.Duration == 0 && p.Count == 0 && len(p.Steps) == 0 {
		p.Duration = halfDuration
	}
	if p.Warmup == 0 {
		p.Warmup = halfWarmup
	}
	return p
}

// check refuses plans that cannot be executed in pairs.
func (o PairedOptions) check() error {
	all := []error{o.Compare.Check()}
	for _, p := range []results.Plan{o.Base, o.Now} {
		for _, f := range p.Check() {
			all = append(all, fmt.Errorf("read plan: %w", f))
		}
		if p.FindMax != (results.Ramp{}) {
			all = append(all, errors.New("measure in pairs: find_max is not supported: compare the CPU time of a session, or the throughput of workers"))
		}
	}
	return errors.Join(all...)
}

// take takes the pairs that are not there yet.
func (o PairedOptions) take(ctx context.Context, kept *pairFolder) (err error) {
	if len(kept.pairs) >= o.Pairs {
		return nil
	}
	s := &sides{o: o.LoadOptions, plans: [2]results.Plan{o.Base, o.Now}}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		err = errors.Join(err, s.stop(stopping))
	}()
	if _, err := s.pair(ctx, false); err != nil { // what is cold is not compared
		return err
	}
	for len(kept.pairs) < o.Pairs {
		pair, err := s.pair(ctx, len(kept.pairs)%2 == 1)
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = whole(pair)
		}
		if err == nil {
			err = kept.add(pair)
		}
		if err != nil {
			return err
		}
		if o.Taken != nil {
			o.Taken(len(kept.pairs))
		}
	}
	return nil
}

// whole refuses a pair of which a half says nothing.
func whole(p comparison.Pair) error {
	for side, r := range map[string]*results.Run{"first": p.Base, "second": p.Now} {
		if err := r.Whole(); err != nil {
			return fmt.Errorf("measure in pairs: the %s of the two, %s: %w, failed %v", side, r.Env.Target, err, r.Failed)
		}
	}
	return nil
}

// sides are the two things that are measured.
type sides struct {
	o     LoadOptions
	plans [2]results.Plan
	at    [2]*loaded
}

// pair takes one, in the order that is asked for. Where both sides run at a time, each
// half is cut into slices that alternate as well, the one, the other twice, the one
// again: a pair's halves then meet the machine as fast as each other.
//
// Why slices (2026-11): the CPUs of a shared machine run a tenth faster or slower
// from second to second. Halves of 600 ms one after the other differed by 11 % in CPU
// time per session (standard deviation), those of slices of 50 ms by 3 %.
func (s *sides) pair(ctx context.Context, nowFirst bool) (comparison.Pair, error) {
	plans, n := s.slices()
	first := 0
	if nowFirst {
		first = 1
	}
	var runs [2][]*results.Run
	for turn := range 2 * n {
		side := first ^ (turn+1)/2%2
		at, err := s.ready(ctx, side)
		if err != nil {
			return comparison.Pair{}, err
		}
		run, err := s.o.execute(ctx, plans[side], at)
		if err != nil {
			return comparison.Pair{}, err
		}
		runs[side] = append(runs[side], run)
	}
	p := comparison.Pair{Base: s.joined(0, runs[0]), Now: s.joined(1, runs[1]), NowFirst: nowFirst}
	return p, nil
}

// sliceLength is as long as a slice may be for the machine to stay as fast, and long
// enough for some tens of sessions.
const sliceLength = 50 * time.Millisecond

// slices are the plans of a slice of either half, and how many make one up. Plans
// that are not the same from one moment to the next are not cut.
func (s *sides) slices() (plans [2]results.Plan, n int) {
	plans, n = s.plans, math.MaxInt
	for _, p := range plans {
		even := p.Rate > 0 || p.Workers > 0
		pausing := slices.ContainsFunc(p.Sessions, func(s results.SessionPlan) bool { return s.Hold > 0 || s.Think > 0 })
		if !even || pausing || p.Duration == 0 || s.exclude() {
			return s.plans, 1
		}
		n = min(n, max(int(time.Duration(p.Duration)/sliceLength), 1))
	}
	for i := range plans {
		plans[i].Duration /= results.Span(n)
		plans[i].Warmup = 0
	}
	return plans, n
}

// joined is what the slices of a half make.
func (s *sides) joined(side int, runs []*results.Run) *results.Run {
	r := bench.Joined(runs)
	r.Plan.Duration, r.Plan.Warmup = s.plans[side].Duration, s.plans[side].Warmup
	return r
}

// ready gives a side, started where it does not run. The other keeps running, unless
// both need the same installation.
func (s *sides) ready(ctx context.Context, side int) (*loaded, error) {
	if s.at[side] != nil {
		return s.at[side], nil
	}
	other := 1 - side
	switch {
	case s.at[other] == nil:
	case s.same():
		s.at[side] = s.at[other]
		return s.at[side], nil
	case s.exclude():
		if err := s.at[other].stop(ctx); err != nil {
			return nil, fmt.Errorf("stop target: %w", err)
		}
		s.at[other] = nil
	}
	var err error
	s.at[side], err = s.o.start(ctx, s.plans[side])
	return s.at[side], err
}

// same tells whether both sides load the same thing.
func (s *sides) same() bool {
	a, b := s.plans[0], s.plans[1]
	return a.Addr == b.Addr && a.Target == b.Target && a.Peer == b.Peer
}

// exclude tells whether the sides cannot run together: they are variants of real
// software, of which one instance runs at a time.
func (s *sides) exclude() bool {
	base, _ := targets.Split(s.plans[0].Target)
	now, _ := targets.Split(s.plans[1].Target)
	if base == "" || base != now {
		return false
	}
	t, err := targets.Find(base)
	return err == nil && !t.Spec().Direct
}

// stop stops what runs.
func (s *sides) stop(ctx context.Context) error {
	if s.at[0] == s.at[1] {
		s.at[1] = nil
	}
	var all []error
	for _, at := range s.at {
		if at != nil {
			all = append(all, at.stop(ctx))
		}
	}
	if err := errors.Join(all...); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop target: %w", err)
	}
	return nil
}
