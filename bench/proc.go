package bench

import (
	"bytes"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// What /proc says is read from an fs.FS, so that tests can write it.

// tick is the unit of times in /proc/PID/stat: USER_HZ is 100 on every Linux that
// Go runs on.
const tick = 10 * time.Millisecond

// process is a line of /proc/PID/stat.
type process struct {
	pid, parent int
	// cpu is its CPU time and that of its children that it has waited for.
	cpu time.Duration
}

// parseStat reads /proc/PID/stat (proc(5)).
func parseStat(data []byte) (process, error) {
	end := bytes.LastIndexByte(data, ')') // the name may have anything in it
	if end < 0 {
		return process{}, fmt.Errorf("read process: no name in %.80q", data)
	}
	pid, _, _ := strings.Cut(string(data), " ")
	fields := strings.Fields(string(data[end+1:]))
	const parent, utime, cstime = 1, 11, 14 // from the state on
	if len(fields) <= cstime {
		return process{}, fmt.Errorf("read process: %d fields in %.80q", len(fields), data)
	}
	numbers := []string{pid, fields[parent]}
	numbers = append(numbers, fields[utime:cstime+1]...)
	var n [6]int64
	for i, text := range numbers {
		var err error
		if n[i], err = strconv.ParseInt(text, 10, 64); err != nil {
			return process{}, fmt.Errorf("read process: %w", err)
		}
	}
	return process{pid: int(n[0]), parent: int(n[1]), cpu: time.Duration(n[2]+n[3]+n[4]+n[5]) * tick}, nil
}

// treeCPU is the CPU time of a process and all below it, those included that have
// ended and been waited for. proc is /proc.
func treeCPU(proc fs.FS, root int) (time.Duration, error) {
	entries, err := fs.ReadDir(proc, ".")
	if err != nil {
		return 0, fmt.Errorf("list processes: %w", err)
	}
	below := map[int][]process{}
	var sum time.Duration
	found := false
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		data, err := fs.ReadFile(proc, e.Name()+"/stat")
		if err != nil {
			continue // it has ended since
		}
		p, err := parseStat(data)
		if err != nil {
			return 0, err
		}
		below[p.parent] = append(below[p.parent], p)
		if p.pid == root {
			sum, found = p.cpu, true
		}
	}
	if !found {
		return 0, fmt.Errorf("find process %d: there is none", root)
	}
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		for _, p := range below[queue[0]] {
			sum += p.cpu
			queue = append(queue, p.pid)
		}
	}
	return sum, nil
}

// threadsWaited is how long this process's threads have waited for a CPU
// (Documentation/scheduler/sched-stats.rst, /proc/<pid>/schedstat, for each task).
func threadsWaited(proc fs.FS) time.Duration {
	tasks, err := fs.ReadDir(proc, "self/task")
	if err != nil {
		return 0
	}
	var sum time.Duration
	for _, t := range tasks {
		data, err := fs.ReadFile(proc, "self/task/"+t.Name()+"/schedstat")
		if fields := strings.Fields(string(data)); err == nil && len(fields) == 3 {
			n, _ := strconv.ParseInt(fields[1], 10, 64)
			sum += time.Duration(n)
		}
	}
	return sum
}

// machineTime is the machine's stolen time and all of it, in ticks over all CPUs,
// from the first line of /proc/stat. Guest time is in user time already.
func machineTime(proc fs.FS) (stolen, total uint64) {
	data, err := fs.ReadFile(proc, "stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := strings.Cut(string(data), "\n")
	fields := strings.Fields(line)
	const steal = 8
	if len(fields) <= steal || fields[0] != "cpu" {
		return 0, 0
	}
	for i, f := range fields[1 : steal+1] {
		n, err := strconv.ParseUint(f, 10, 64)
		if err != nil {
			return 0, 0
		}
		total += n
		if i == steal-1 {
			stolen = n
		}
	}
	return stolen, total
}

// listenOverflows is how many connections found a listen queue full, on all of
// this machine.
func listenOverflows(proc fs.FS) uint64 {
	data, err := fs.ReadFile(proc, "net/netstat")
	if err != nil {
		return 0
	}
	var names []string
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "TcpExt:" {
			continue
		}
		if names == nil {
			names = fields
			continue
		}
		for i, name := range names {
			if name == "ListenOverflows" && i < len(fields) {
				n, _ := strconv.ParseUint(fields[i], 10, 64)
				return n
			}
		}
	}
	return 0
}

// openFiles counts the descriptors of this process. Since Linux 6.2 they are the
// size of the folder that lists them (proc_pid_fd(5)); to list ten thousand every
// second would be work.
func openFiles(proc fs.FS) int64 {
	if info, err := fs.Stat(proc, "self/fd"); err == nil && info.Size() > 0 {
		return info.Size()
	}
	entries, err := fs.ReadDir(proc, "self/fd")
	if err != nil {
		return 0
	}
	return int64(len(entries))
}

// loadAverage of the last minute.
func loadAverage(proc fs.FS) float64 {
	data, _ := fs.ReadFile(proc, "loadavg")
	first, _, _ := strings.Cut(string(data), " ")
	load, _ := strconv.ParseFloat(first, 64)
	return load
}

// modelName of the first CPU.
func modelName(proc fs.FS) string {
	data, _ := fs.ReadFile(proc, "cpuinfo")
	for line := range strings.Lines(string(data)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
