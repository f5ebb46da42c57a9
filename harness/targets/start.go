package targets

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"mailtls/fakes"
	"mailtls/results"
)

// instance is a target while it runs.
type instance struct {
	p     *Process
	v     *variantSpec
	place *place
	data  *renderData
	// names are more names for its certificate.
	names   []string
	roots   *x509.CertPool
	rootPEM []byte
	// clientCert makes client certificates that the software can verify; nil
	// without a certificate.
	clientCert func(fakes.Cert) (tls.Certificate, error)
	// child is the software when it runs in the foreground; otherwise pid is
	// its daemon's, once known.
	child *child
	pid   int
	// asked says that the start command was run, whatever came of it.
	asked   bool
	version string
	// log is the end of the log file, once the software has ended.
	log string
}

// Start runs the software as the variant, and returns when all its listeners
// answer. What is left of a start that failed is cleared away, even when ctx
// is done.
func (p *Process) Start(ctx context.Context, v Variant, w Wiring) (*Running, error) {
	spec, err := p.variant(v.Name)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.m.Name, err)
	}
	i, err := p.start(ctx, spec, w)
	if err != nil {
		return nil, fmt.Errorf("start %s/%s: %w", p.m.Name, spec.Name, err)
	}
	r := &Running{Addrs: i.data.addrs(), Version: i.version, Roots: i.roots, RootPEM: i.rootPEM, ClientCert: i.clientCert, PID: i.pid, Stop: i.stop}
	if i.child != nil {
		r.PID = i.child.pid
	}
	if p.m.Commands.Idle != nil {
		r.Idle = i.idle
	}
	return r, nil
}

func (p *Process) start(ctx context.Context, v *variantSpec, w Wiring) (*instance, error) {
	if err := checkWiring(v, w); err != nil {
		return nil, err
	}
	if err := p.Available(); err != nil {
		return nil, err
	}
	pl, err := p.enter(newJournal(w.Log))
	if err != nil {
		return nil, err
	}
	i := &instance{p: p, v: v, place: pl, names: w.Names}
	if err := i.begin(ctx, w); err != nil {
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*stopTime)
		defer cancel()
		errEnd := i.end(cleanup)
		return nil, errors.Join(said(err, i.log), errEnd)
	}
	return i, nil
}

// checkWiring refuses what would break a configuration file.
func checkWiring(v *variantSpec, w Wiring) error {
	for _, f := range []struct{ name, value string }{
		{"domain", w.Domain}, {"host", w.Host}, {"collector", w.Collector},
	} {
		if strings.ContainsFunc(f.value, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
			return fmt.Errorf("read wiring: %s %q has spaces in it", f.name, f.value)
		}
	}
	if w.Domain == "" || w.Host == "" {
		return errors.New("read wiring: no domain or no host; give both")
	}
	if v.Claims.Has(results.FeatureAuthAfterTLS) && (w.User == "" || w.Password == "") {
		return fmt.Errorf("read wiring: no user or no password, and the variant claims %s; give both",
			results.FeatureAuthAfterTLS)
	}
	return checkSenderWiring(v, w)
}

// checkSenderWiring refuses what a sender could not work with.
func checkSenderWiring(v *variantSpec, w Wiring) error {
	if !v.plays(results.RoleSender) {
		return nil
	}
	for _, f := range []struct{ name, value string }{{"resolver", w.Resolver}, {"submitter", w.Submitter}} {
		if ip, err := netip.ParseAddr(f.value); err != nil || !ip.Is4() || !ip.IsLoopback() {
			return fmt.Errorf("read wiring: %s %q, and the variant is a sender; want an address in 127.0.0.0/8", f.name, f.value)
		}
	}
	for _, p := range v.Claims.Policies {
		switch {
		case p.Credentials && (w.User == "" || w.Password == ""):
			return fmt.Errorf("read wiring: no user or no password, and policy %s logs in; give both", p.Name)
		case p.Verify != results.VerifyNone && len(w.PeerRoots) == 0:
			return fmt.Errorf("read wiring: no peer roots, and policy %s verifies certificates; give them", p.Name)
		}
	}
	return nil
}

// begin does everything up to listeners that answer.
func (i *instance) begin(ctx context.Context, w Wiring) error {
	var err error
	if i.data, err = i.p.renderData(i.v, w, i.place.seen("/")); err != nil {
		return err
	}
	if err := i.clearLeftover(ctx); err != nil {
		return err
	}
	if err := i.emptyLog(); err != nil {
		return err
	}
	if err := i.data.claimPorts(ctx); err != nil {
		return err
	}
	if err := i.writeCertificate(ctx); err != nil {
		return err
	}
	if err := i.writePeerRoots(ctx, w.PeerRoots); err != nil {
		return err
	}
	if err := i.writeFiles(ctx); err != nil {
		return err
	}
	for _, s := range slices.Concat(i.p.m.Commands.Prepare, i.v.Prepare) {
		if err := i.run(ctx, s); err != nil {
			return err
		}
	}
	if i.version, err = i.p.version(ctx, i.place); err != nil {
		return err
	}
	return i.launch(ctx)
}

// clearLeftover ends a daemon that an earlier run has left in the root because
// it was killed.
func (i *instance) clearLeftover(ctx context.Context) error {
	if !i.place.root || i.p.m.PIDFile == "" {
		return nil
	}
	pid := i.place.daemon(i.p.m.PIDFile)
	if pid == 0 {
		return nil
	}
	fmt.Fprintf(i.place.log, "mailtls: an earlier run has left process %d behind; stopping it\n", pid)
	stop, err := i.stopCommand()
	if err != nil {
		return err
	}
	if err := i.place.endDaemon(ctx, pid, stop); i.place.owns(pid) {
		return fmt.Errorf("stop what an earlier run has left: %w", err)
	}
	return nil
}

// launch runs the start command and waits until the listeners answer.
func (i *instance) launch(ctx context.Context) error {
	start := i.p.m.Commands.Start
	run := commandSpec{Run: start.Run}
	var gone chan struct{}
	i.asked = true
	if start.Foreground {
		c, err := renderCommand(run, i.data)
		if err != nil {
			return err
		}
		if i.child, err = i.place.startChild(c); err != nil {
			return err
		}
		gone = i.child.done
	} else if err := i.run(ctx, run); err != nil {
		return err
	}
	ready, err := i.p.m.ready()
	if err != nil {
		return fmt.Errorf("read ready: %w", err)
	}
	if err := awaitReady(ctx, i.data.addrs(), ready, gone); err != nil {
		if start.Foreground {
			err = said(err, i.child.out.last())
		}
		return err
	}
	if start.Foreground {
		return nil
	}
	if i.pid = i.place.daemon(i.p.m.PIDFile); i.pid == 0 {
		return fmt.Errorf("find the daemon: no living process in pid file %s", i.p.m.PIDFile)
	}
	return nil
}

// run runs one of the target's commands.
func (i *instance) run(ctx context.Context, s commandSpec) error {
	c, err := renderCommand(s, i.data)
	if err == nil {
		_, err = i.place.run(ctx, c)
	}
	return err
}

// idle tells whether the queue is empty.
func (i *instance) idle(ctx context.Context) (bool, error) {
	s := i.p.m.Commands.Idle
	c, err := renderCommand(commandSpec{Run: s.Run}, i.data)
	if err != nil {
		return false, err
	}
	quiet := *i.place // it is asked many times
	quiet.log = newJournal(io.Discard)
	out, err := quiet.run(ctx, c)
	if err != nil {
		return false, fmt.Errorf("ask %s whether its queue is empty: %w", i.p.m.Name, err)
	}
	out = strings.TrimSpace(out)
	if s.Matches == "" {
		return out == "", nil
	}
	return regexp.MatchString(`^(?:`+s.Matches+`)$`, out)
}

// stopCommand is the command that stops the daemon; nil when there is none.
func (i *instance) stopCommand() (*command, error) {
	if i.p.m.Commands.Stop == nil {
		return nil, nil
	}
	c, err := renderCommand(*i.p.m.Commands.Stop, i.data)
	return &c, err
}

// stop ends the software in good order.
func (i *instance) stop(ctx context.Context) error {
	if err := i.end(ctx); err != nil {
		return fmt.Errorf("stop %s/%s: %w", i.p.m.Name, i.v.Name, err)
	}
	return nil
}

// end ends whatever was started and gives the place back.
func (i *instance) end(ctx context.Context) error {
	var err error
	switch {
	case i.child != nil:
		err = i.child.end(ctx)
	case i.asked && !i.p.m.Commands.Start.Foreground:
		err = i.endDaemon(ctx)
	}
	i.log = i.place.showLog(i.p.m.LogFile)
	return errors.Join(err, i.place.leave())
}

// endDaemon ends the daemon, or what there may be of one when the start failed
// half-way.
func (i *instance) endDaemon(ctx context.Context) error {
	stop, err := i.stopCommand()
	if err != nil {
		return err
	}
	if i.pid == 0 {
		i.pid = i.place.daemon(i.p.m.PIDFile)
	}
	if i.pid == 0 && stop != nil {
		_, _ = i.place.run(ctx, *stop) // fails where nothing runs
	}
	if i.pid == 0 {
		return nil
	}
	return i.place.endDaemon(ctx, i.pid, stop)
}
