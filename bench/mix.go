package bench

import "mailtls/results"

// kindOf draws the session of an arrival by weight, as its place in the plan. It
// depends on the seed and the index alone, so that the shards of a plan do what
// one machine would.
func kindOf(p results.Plan, index int64) int {
	if len(p.Sessions) == 1 {
		return 0
	}
	total := uint64(0)
	for _, s := range p.Sessions {
		total += uint64(s.Weight)
	}
	at := mixed(p.Seed+uint64(index)*0x9e3779b97f4a7c15) % total
	for i, s := range p.Sessions {
		if at < uint64(s.Weight) {
			return i
		}
		at -= uint64(s.Weight)
	}
	return 0
}

// sessionOf is the session of an arrival.
func sessionOf(p results.Plan, index int64) results.SessionPlan { return p.Sessions[kindOf(p, index)] }

// mixed is the finalizer of SplitMix64: neighbours in, nothing alike out.
func mixed(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
