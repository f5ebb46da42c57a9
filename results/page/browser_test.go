package page_test

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"mailtls/results/page"
)

// patience is how long the browser may take for all that a test asks of it.
const patience = 6 * time.Minute

//go:embed testdata/axe.min.js
var axe string

// browser is a tab of a real headless Chromium that has a page open.
type browser struct {
	*testing.T
	ctx context.Context

	mu sync.Mutex
	// complaints are what the console says, and fetches what is loaded besides the page.
	complaints, fetches []string
}

// chromium finds the browser; the test is skipped where there is none.
func chromium(t *testing.T) string {
	t.Helper()
	names := []string{"chromium", "chromium-browser", "google-chrome"}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("no browser to open the page in: none of %s is installed", strings.Join(names, ", "))
	return ""
}

// visit opens the page of an input from disk.
func visit(t *testing.T, in page.Input, fragment string) *browser {
	t.Helper()
	path := chromium(t)
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(mustWrite(t, in)), 0o600); err != nil {
		t.Fatal(err)
	}
	return visitFile(t, path, file, fragment)
}

// visitFile opens a page with a browser.
func visitFile(t *testing.T, path, file, fragment string) *browser {
	t.Helper()
	b := &browser{T: t}
	ctx, stop := context.WithTimeout(t.Context(), patience)
	t.Cleanup(stop)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1280, 900))
	ctx, stopAll := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stopAll)
	ctx, stopTab := chromedp.NewContext(ctx, chromedp.WithListener(b.heard))
	t.Cleanup(stopTab)
	b.ctx = ctx
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	b.do(chromedp.Navigate("file://" + file + fragment))
	b.until(`document.documentElement.dataset.ready === 'yes'`)
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if len(b.complaints) > 0 || len(b.fetches) > 0 {
			t.Errorf("the console says %q, and these were fetched: %q", b.complaints, b.fetches)
		}
	})
	return b
}

// heard takes what the browser tells.
func (b *browser) heard(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, fmt.Sprint(e.ExceptionDetails.Text, " ", e.ExceptionDetails.URL, e.ExceptionDetails.LineNumber))
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" {
			b.complaints = append(b.complaints, fmt.Sprint(e.Type, " ", e.Args))
		}
	case *log.EventEntryAdded:
		b.complaints = append(b.complaints, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; !strings.HasPrefix(u, "file://") {
			b.fetches = append(b.fetches, u)
		}
	}
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.Fatal(err)
	}
}

// call runs a command of the protocol.
func call[P, R any](b *browser, command cdp.Command[P, R], params P) {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, command, params); err != nil {
		b.Fatal(err)
	}
}

// get evaluates an expression.
func get[T any](b *browser, expression string) T {
	b.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("evaluate %.200s: %v", expression, err)
	}
	return v
}

// run evaluates statements.
func (b *browser) run(statements string) {
	b.Helper()
	get[bool](b, "(() => { "+statements+"; return true })()")
}

// until waits for an expression to hold. The page's policy forbids what chromedp polls with.
func (b *browser) until(expression string) {
	b.Helper()
	if !get[bool](b, fmt.Sprintf(`new Promise(done => {
		const end = Date.now() + %d;
		const look = () => { if (%s) done(true); else if (Date.now() > end) done(false); else setTimeout(look, 20); };
		look();
	})`, (patience/6).Milliseconds(), expression)) {
		b.Fatalf("waited in vain for %s", expression)
	}
}

// told is what the open dialog says once the transcript is there.
func (b *browser) told() string {
	b.Helper()
	b.until(`document.querySelector('#cell').open && document.querySelector('#cell-transcript').textContent !== ''`)
	return get[string](b, `document.querySelector('#cell').innerText`)
}

func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("no %q in %.900s", p, text)
		}
	}
}

func TestCellOpensItsTranscript(t *testing.T) {
	b := visit(t, everything(), "")
	b.do(chromedp.Click(chromedp.CSS(`.cells button.fail`)))
	wants(t, b.told(), "fail", "handshake/defect-number-018, mta-01/default", "answered with 5xx", "it was answered with", "Evidence", "EHLO <b>probe</b>.mailtls.test", "evidence s1e3", "TLS_AES_128_GCM_SHA256")
	parts := get[[]string](b, `[...document.querySelectorAll('#cell-transcript .events li')].map(li => [li.className, getComputedStyle(li).borderLeftStyle, li.querySelector('.layer')?.textContent].join())`)
	both := strings.Join(parts, " ")
	wants(t, both, "clear,dashed,clear", "tls,solid,TLS", "clear cited,dashed,clear")
	b.do(chromedp.KeyEvent(kb.Escape))
	b.until(`!document.querySelector('#cell').open && document.activeElement.matches('.cells button.fail')`)
}

func TestKeyboardAlone(t *testing.T) {
	b := visit(t, everything(), "")
	b.do(chromedp.Focus(chromedp.CSS(`.cells button[tabindex="0"]`)))
	active := `(() => { const td = document.activeElement.closest('td'); return [td.parentElement.rowIndex, td.cellIndex].join() })()`
	start := get[string](b, active)
	for _, k := range []struct {
		name, key, want string
	}{{"right", kb.ArrowRight, "2,2"}, {"down", kb.ArrowDown, "3,2"}, {"End", kb.End, "3,3"}, {"Home", kb.Home, "3,1"}, {"right again", kb.ArrowRight, "3,2"}} {
		b.do(chromedp.KeyEvent(k.key))
		if at := get[string](b, active); at != k.want {
			t.Errorf("from %s %s led to %s, want %s", start, k.name, at, k.want)
		}
	}
	if label := get[string](b, `document.activeElement.getAttribute('aria-label')`); !strings.Contains(label, "mta-01/default") {
		t.Errorf("the cell is called %q", label)
	}
	if n := get[int](b, `document.querySelectorAll('.cells')[0].querySelectorAll('button[tabindex="0"]').length`); n != 1 {
		t.Errorf("Tab stops at %d cells of a table", n)
	}
	b.do(chromedp.KeyEvent(kb.Enter))
	wants(t, b.told(), "mta-01/default", "Session 1")
}

func TestFilter(t *testing.T) {
	b := visit(t, everything(), "")
	shown := func(want string) {
		t.Helper()
		b.until(fmt.Sprintf(`document.querySelector('#shown').textContent === %q`, want))
	}
	seen := func() int {
		return get[int](b, `[...document.querySelectorAll('.cells tr[data-level]')].filter(tr => tr.offsetParent).length`)
	}
	shown("64 cases")
	b.do(chromedp.SendKeys(chromedp.CSS(`#f-text`), "number-00"))
	shown("10 of 64 cases")
	if n := seen(); n != 10 {
		t.Errorf("%d lines are to be seen", n)
	}
	b.do(chromedp.Click(chromedp.CSS(`#filter button[type=reset]`)))
	shown("64 cases")
	b.do(chromedp.SetValue(chromedp.CSS(`#f-status`), "leak"))
	b.run(`document.querySelector('#f-status').dispatchEvent(new Event('input', { bubbles: true }))`)
	b.until(`document.querySelector('#shown').textContent.includes(' of 64 ')`)
	if all := get[bool](b, `[...document.querySelectorAll('.cells tr[data-level]')].every(tr => Boolean(tr.offsetParent) === Boolean(tr.querySelector('.leak')))`); !all || seen() == 0 {
		t.Error("the lines that are to be seen are not those with leaks")
	}
	// A link from elsewhere in the page shows its cell although the filter hides it.
	b.run(`location.hash = 'target=mta-00%2Fdefault&case=injection%2Fdefect-number-000'`)
	wants(t, b.told(), "injection/defect-number-000")
}

func TestAddressOpensACell(t *testing.T) {
	b := visit(t, everything(), "#target=mta-00/sender&case=fallback/expired-certificate@encrypt")
	wants(t, b.told(), "fallback/expired-certificate@encrypt", "Leaked bytes", "412", "Pn")
}

func TestTranscriptWithoutRoomNamesItsFile(t *testing.T) {
	in := everything()
	in.Size = 1
	b := visit(t, in, "#target=mta-00/default&case=injection/defect-number-000")
	b.until(`document.querySelector('#cell-state').textContent === 'Transcript not in this page: see runs/mta-00/transcripts/defect-000.txt.'`)
}

func TestLargePageWorks(t *testing.T) {
	b := visit(t, large(), "")
	if n := get[int](b, `document.querySelectorAll('.cells button').length`); n != 8000 {
		t.Errorf("%d cells", n)
	}
	b.do(chromedp.Click(chromedp.CSS(`.cells button.fail`)))
	wants(t, b.told(), "it was answered with", "Session 1")
	b.do(chromedp.KeyEvent(kb.Escape))
	b.do(chromedp.SendKeys(chromedp.CSS(`#f-text`), "number-399"))
	b.until(`document.querySelector('#shown').textContent === '1 of 400 cases'`)
}

// axeFinding is what axe-core holds against a page.
type axeFinding struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

// accessible lets axe-core look at the page as it is shown now.
func (b *browser) accessible(how string) {
	b.Helper()
	found := get[[]axeFinding](b, `axe.run(document, { resultTypes: ['violations'] }).then(r => r.violations.map(v => ({
		id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map(n => ({ html: n.html.slice(0, 300), failureSummary: n.failureSummary })) })))`)
	for _, f := range found {
		if f.Impact == "serious" || f.Impact == "critical" {
			b.Errorf("%s: %s, %s: %s: %+v", how, f.Impact, f.ID, f.Help, f.Nodes)
		} else {
			b.Logf("%s: %s, %s: %s: %+v", how, f.Impact, f.ID, f.Help, f.Nodes)
		}
	}
}

func TestPageIsAccessible(t *testing.T) {
	b := visit(t, everything(), "")
	b.run(axe)
	b.run(`document.querySelectorAll('details').forEach(d => { d.open = true; })`)
	for _, scheme := range []string{"light", "dark"} {
		call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		for _, width := range []int64{1280, 375} {
			call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 812, DeviceScaleFactor: 1, Mobile: width < 600})
			how := fmt.Sprintf("%s at %d px", scheme, width)
			b.accessible(how)
			if w := get[int64](b, `document.documentElement.scrollWidth`); w > width {
				t.Errorf("%s: the page is %d px wide", how, w)
			}
			b.run(`document.querySelector('.cells button.fail').click()`)
			b.told()
			b.accessible(how + ", a cell open")
			if w := get[int64](b, `document.querySelector('#cell').scrollWidth - document.querySelector('#cell').clientWidth`); w > 0 {
				t.Errorf("%s: an open cell is %d px too wide", how, w)
			}
			b.do(chromedp.KeyEvent(kb.Escape))
			b.until(`!document.querySelector('#cell').open`)
		}
	}
}
