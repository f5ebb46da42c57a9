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

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"mailtls/results/page"
)

// patience is how long the browser may take for all that a test asks of it.
const patience = 3 * time.Minute

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
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1280, 900))
	ctx, stop := context.WithTimeout(t.Context(), patience)
	t.Cleanup(stop)
	ctx, stopAll := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stopAll)
	ctx, stopTab := chromedp.NewContext(ctx)
	t.Cleanup(stopTab)
	b := &browser{T: t, ctx: ctx}
	chromedp.ListenTarget(ctx, b.heard)
	b.do(network.Enable(), log.Enable(), chromedp.Navigate("file://"+file+fragment))
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
		b.complaints = append(b.complaints, e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			b.complaints = append(b.complaints, fmt.Sprintf("%s: %s", e.Type, e.Args))
		}
	case *log.EventEntryAdded:
		b.complaints = append(b.complaints, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; !strings.HasPrefix(u, "file://") {
			b.fetches = append(b.fetches, u)
		}
	}
}

func (b *browser) do(actions ...chromedp.Action) {
	b.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

// get evaluates an expression.
func get[T any](b *browser, expression string) T {
	b.Helper()
	var v T
	b.do(chromedp.Evaluate(expression, &v, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return v
}

// until waits for an expression to hold. The page's policy forbids what chromedp polls with.
func (b *browser) until(expression string) {
	b.Helper()
	if !get[bool](b, fmt.Sprintf(`new Promise(done => {
		const end = Date.now() + %d;
		const look = () => { if (%s) done(true); else if (Date.now() > end) done(false); else setTimeout(look, 20); };
		look();
	})`, (patience/3).Milliseconds(), expression)) {
		b.Fatalf("waited in vain for %s", expression)
	}
}

// key presses a key, as a keyboard does.
func (b *browser) key(name string, code int64) {
	b.Helper()
	down := input.DispatchKeyEvent(input.KeyDown).WithKey(name).WithCode(name).WithWindowsVirtualKeyCode(code)
	if name == "Enter" {
		down = down.WithText("\r")
	}
	b.do(down, input.DispatchKeyEvent(input.KeyUp).WithKey(name).WithCode(name).WithWindowsVirtualKeyCode(code))
}

// Keys by their virtual key codes.
const (
	keyEnter, keyEscape = 13, 27
	keyEnd, keyHome     = 35, 36
	keyRight, keyDown   = 39, 40
)

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
			t.Errorf("no %q in %s", p, text)
		}
	}
}

func TestCellOpensItsTranscript(t *testing.T) {
	b := visit(t, everything(), "")
	b.do(chromedp.Click(`.cells button.fail`, chromedp.ByQuery))
	wants(t, b.told(), "fail", "mta-00/default", "answered with 5xx", "it was answered with", "Evidence", "EHLO <b>probe</b>.mailtls.test", "evidence s1e3", "TLS_AES_128_GCM_SHA256")
	parts := get[[]string](b, `[...document.querySelectorAll('#cell-transcript .events li')].map(li => [li.className, getComputedStyle(li).borderLeftStyle, li.querySelector('.layer')?.textContent].join())`)
	both := strings.Join(parts, " ")
	wants(t, both, "clear,dashed,clear", "tls,solid,TLS", "clear cited,dashed,clear")
	b.key("Escape", keyEscape)
	b.until(`!document.querySelector('#cell').open && document.activeElement.matches('.cells button.fail')`)
}

func TestKeyboardAlone(t *testing.T) {
	b := visit(t, everything(), "")
	b.do(chromedp.Focus(`.cells button[tabindex="0"]`, chromedp.ByQuery))
	active := `(() => { const td = document.activeElement.closest('td'); return [td.parentElement.rowIndex, td.cellIndex].join() })()`
	start := get[string](b, active)
	for _, k := range []struct {
		name string
		code int64
		want string
	}{{"ArrowRight", keyRight, "2,2"}, {"ArrowDown", keyDown, "3,2"}, {"End", keyEnd, "3,3"}, {"Home", keyHome, "3,1"}} {
		b.key(k.name, k.code)
		if at := get[string](b, active); at != k.want {
			t.Errorf("from %s %s led to %s, want %s", start, k.name, at, k.want)
		}
	}
	if label := get[string](b, `document.activeElement.getAttribute('aria-label')`); !strings.Contains(label, "mta-00/default") {
		t.Errorf("the cell is called %q", label)
	}
	if n := get[int](b, `document.querySelectorAll('.cells')[0].querySelectorAll('button[tabindex="0"]').length`); n != 1 {
		t.Errorf("Tab stops at %d cells of a table", n)
	}
	b.key("Enter", keyEnter)
	wants(t, b.told(), "mta-00/default", "Session 1")
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
	b.do(chromedp.SendKeys(`#f-text`, "number-00", chromedp.ByQuery))
	shown("10 of 64 cases")
	if n := seen(); n != 10 {
		t.Errorf("%d lines are to be seen", n)
	}
	b.do(chromedp.Click(`#filter button[type=reset]`, chromedp.ByQuery))
	shown("64 cases")
	b.do(chromedp.SetValue(`#f-status`, "leak", chromedp.ByQuery), chromedp.Evaluate(`document.querySelector('#f-status').dispatchEvent(new Event('input', { bubbles: true }))`, nil))
	b.until(`document.querySelector('#shown').textContent.includes(' of 64 ')`)
	if all := get[bool](b, `[...document.querySelectorAll('.cells tr[data-level]')].every(tr => Boolean(tr.offsetParent) === Boolean(tr.querySelector('.leak')))`); !all || seen() == 0 {
		t.Error("the lines that are to be seen are not those with leaks")
	}
	// A link from elsewhere in the page shows its cell although the filter hides it.
	b.do(chromedp.Evaluate(`location.hash = 'target=mta-00%2Fdefault&case=injection%2Fdefect-number-000'`, nil))
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
	b.do(chromedp.Click(`.cells button.fail`, chromedp.ByQuery))
	wants(t, b.told(), "it was answered with", "Session 1")
	b.key("Escape", keyEscape)
	b.do(chromedp.SendKeys(`#f-text`, "number-399", chromedp.ByQuery))
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
	b.do(chromedp.Evaluate(axe, nil), chromedp.Evaluate(`document.querySelectorAll('details').forEach(d => { d.open = true; })`, nil))
	for _, scheme := range []string{"light", "dark"} {
		b.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
		for _, width := range []int64{1280, 375} {
			b.do(emulation.SetDeviceMetricsOverride(width, 812, 1, width < 600))
			how := fmt.Sprintf("%s at %d px", scheme, width)
			b.accessible(how)
			if w := get[int64](b, `document.documentElement.scrollWidth`); w > width {
				t.Errorf("%s: the page is %d px wide", how, w)
			}
			b.do(chromedp.Evaluate(`document.querySelector('.cells button.fail').click()`, nil))
			b.told()
			b.accessible(how + ", a cell open")
			if w := get[int64](b, `document.querySelector('#cell').scrollWidth - document.querySelector('#cell').clientWidth`); w > 0 {
				t.Errorf("%s: an open cell is %d px too wide", how, w)
			}
			b.key("Escape", keyEscape)
			b.until(`!document.querySelector('#cell').open`)
		}
	}
}
