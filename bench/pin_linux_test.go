package bench

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// apart has a measured test keep to the last CPU, with one thread of Go code, and
// what start starts to the first: what is measured is then neither moved about nor
// kept waiting by what it is measured with. With one CPU it only starts.
func apart(t *testing.T, start func()) {
	t.Helper()
	before := runtime.GOMAXPROCS(1)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keepTo(t, all) })
	var first, last unix.CPUSet
	first.Set(nthCPU(all, 0))
	last.Set(nthCPU(all, all.Count()-1))
	keepTo(t, first) // processes do as the thread that starts them
	start()
	keepTo(t, last)
}

// nthCPU is one of a set.
func nthCPU(set unix.CPUSet, n int) (cpu int) {
	for ; ; cpu++ {
		if !set.IsSet(cpu) {
			continue
		}
		if n == 0 {
			return cpu
		}
		n--
	}
}

// keepTo has all threads of this process keep to a set of CPUs. Threads that are
// made later do as the one that makes them.
func keepTo(t *testing.T, set unix.CPUSet) {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err == nil {
			err = unix.SchedSetaffinity(id, &set)
		}
		if err != nil {
			t.Fatal(fmt.Errorf("keep thread %s to a CPU: %w", task.Name(), err))
		}
	}
}
