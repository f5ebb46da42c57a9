package bench

import (
	"context"
	"fmt"
	"math"

	"mailtls/results"
)

// precision of a search: it ends when the best rate and the lowest that failed
// are this close, as a share of the latter.
const precision = 0.05

// FindMax looks for the highest rate in the bounds that keeps the thresholds:
// doubling from the lower bound, then halving what is between the best rate and
// the lowest that failed. measure tries a rate. The run returned is that of the
// best rate, with the search in it; where no rate kept them, that of the lowest
// one. An interrupted try ends the search, and is returned as it is where there
// was no better one.
//
// Rates are assumed to be kept up to some point and not from there on. A try at
// which the generator was not ok bounds the search like one that missed a
// threshold, and its verdict is in the list of tries.
func FindMax(ctx context.Context, bounds results.Ramp, measure func(context.Context, results.Rate) (*results.Run, error)) (*results.Run, error) {
	search := &results.Search{Tries: []results.Try{}}
	var best, lowest *results.Run
	for rate, more := bounds.From, true; more && ctx.Err() == nil; rate, more = nextRate(bounds, search) {
		run, err := measure(ctx, rate)
		if err != nil {
			return nil, fmt.Errorf("try %s: %w", rate, err)
		}
		if lowest == nil {
			lowest = run
		}
		kept := run.Kept() && run.Completed > 0 && !run.Interrupted
		search.Tries = append(search.Tries, results.Try{Rate: rate, Kept: kept, Verdict: run.Generator.Verdict})
		switch {
		case kept:
			search.Best, best = rate, run
		case run.Interrupted:
		case search.Limit == 0 || rate < search.Limit:
			search.Limit = rate
		}
	}
	switch {
	case best == nil && lowest == nil:
		return nil, ctx.Err()
	case best == nil:
		best = lowest
	}
	best.Search = search
	best.Interrupted = best.Interrupted || ctx.Err() != nil
	return best, nil
}

// nextRate says what to try next, given the tries until now; false when the
// search is over.
func nextRate(bounds results.Ramp, s *results.Search) (results.Rate, bool) {
	switch {
	case s.Best == 0, s.Best >= bounds.To:
		return 0, false
	case s.Limit == 0:
		return min(2*s.Best, bounds.To), true
	case float64(s.Limit-s.Best) <= precision*float64(s.Limit):
		return 0, false
	}
	// Whole rates read better, and are as good as any where they are apart.
	middle := (s.Best + s.Limit) / 2
	if whole := results.Rate(math.Round(float64(middle))); whole > s.Best && whole < s.Limit {
		middle = whole
	}
	return middle, true
}
