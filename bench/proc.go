package bench

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
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
	// own is its CPU time, waited that of its children that it has waited for.
	own, waited time.Duration
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
	return process{pid: int(n[0]), parent: int(n[1]), own: time.Duration(n[2]+n[3]) * tick, waited: time.Duration(n[4]+n[5]) * tick}, nil
}

// processes are those that there are. proc is /proc.
func processes(proc fs.FS) ([]process, error) {
	entries, err := fs.ReadDir(proc, ".")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var all []process
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue // self, thread-self, and what is no process
		}
		data, err := fs.ReadFile(proc, e.Name()+"/stat")
		if err != nil {
			continue // it has ended since
		}
		p, err := parseStat(data)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// treeCPU is the CPU time of a process and all below it, those included that have
// ended and been waited for. proc is /proc; exact knows the time of a process that
// is alive better than in ticks, or does not know it.
func treeCPU(proc fs.FS, exact func(pid int) (time.Duration, bool), root int) (time.Duration, error) {
	spent := func(p process) time.Duration {
		if own, known := exact(p.pid); known {
			return own + p.waited
		}
		return p.own + p.waited
	}
	all, err := processes(proc)
	if err != nil {
		return 0, err
	}
	below := map[int][]process{}
	var sum time.Duration
	found := false
	for _, p := range all {
		below[p.parent] = append(below[p.parent], p)
		if p.pid == root {
			sum, found = spent(p), true
		}
	}
	if !found {
		return 0, fmt.Errorf("find process %d: there is none", root)
	}
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		for _, p := range below[queue[0]] {
			sum += spent(p)
			queue = append(queue, p.pid)
		}
	}
	return sum, nil
}

// listenerOf is the process that owns the socket that listens at an address: of
// several that share it the one that all others are below. It is 0 where that is
// not known; the first process of the machine, which starts others on demand, is not
// taken for a server. proc is /proc.
func listenerOf(proc fs.FS, at netip.AddrPort) int {
	sockets := listening(proc, at)
	if len(sockets) == 0 {
		return 0
	}
	all, err := processes(proc)
	if err != nil {
		return 0
	}
	parents, owners := map[int]int{}, []int{}
	for _, p := range all {
		parents[p.pid] = p.parent
		if holdsAny(proc, p.pid, sockets) {
			owners = append(owners, p.pid)
		}
	}
	for _, top := range owners {
		if top > 1 && !slices.ContainsFunc(owners, func(pid int) bool { return !isBelow(parents, pid, top) }) {
			return top
		}
	}
	return 0
}

// isBelow tells whether a process is another or hangs below it.
func isBelow(parents map[int]int, pid, top int) bool {
	for range len(parents) {
		if pid == top || pid <= 1 {
			break
		}
		pid = parents[pid]
	}
	return pid == top
}

// listening are the sockets, as /proc/PID/fd names them, that listen at an address,
// or at its port on all addresses (proc_pid_net(5), /proc/net/tcp).
func listening(proc fs.FS, at netip.AddrPort) (sockets []string) {
	const local, state, inode = 1, 3, 9
	for _, file := range []string{"net/tcp", "net/tcp6"} {
		data, _ := fs.ReadFile(proc, file)
		for line := range strings.Lines(string(data)) {
			fields := strings.Fields(line)
			if len(fields) <= inode || fields[state] != "0A" {
				continue
			}
			if a, err := parseSocketAddr(fields[local]); err == nil && a.Port() == at.Port() && (a.Addr().IsUnspecified() || a.Addr() == at.Addr().Unmap()) {
				sockets = append(sockets, "socket:["+fields[inode]+"]")
			}
		}
	}
	return sockets
}

// parseSocketAddr reads an address as /proc/net/tcp writes it: words of four bytes
// in the order of the machine, taken to be a little-endian one.
func parseSocketAddr(text string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("read address %q: %w", text, err)
	}
	for word := range slices.Chunk(raw, 4) {
		slices.Reverse(word)
	}
	addr, ok := netip.AddrFromSlice(raw)
	number, err := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil {
		return netip.AddrPort{}, fmt.Errorf("read address %q: no address", text)
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(number)), nil
}

// holdsAny tells whether a process has one of the sockets open.
func holdsAny(proc fs.FS, pid int, sockets []string) bool {
	folder := strconv.Itoa(pid) + "/fd"
	entries, err := fs.ReadDir(proc, folder)
	if err != nil {
		return false // it has ended, or is not ours to look into
	}
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		to, err := fs.ReadLink(proc, folder+"/"+e.Name())
		return err == nil && slices.Contains(sockets, to)
	})
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
