package bench

import "sync"

// visitors are those that do sessions now.
type visitors struct {
	mu  sync.Mutex
	all map[visitor]bool
	off bool
}

// add keeps a visitor, cutting it at once where all were.
func (v *visitors) add(one visitor) visitor {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.all == nil {
		v.all = map[visitor]bool{}
	}
	v.all[one] = true
	if v.off {
		one.cut()
	}
	return one
}

func (v *visitors) remove(one visitor) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.all, one)
}

// cut cuts all.
func (v *visitors) cut() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.off = true
	for one := range v.all {
		one.cut()
	}
}
