package page_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"mailtls/results"
	"mailtls/results/page"
)

func mustWrite(t *testing.T, in page.Input) string {
	t.Helper()
	text, err := wrote(in)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// elements visits the elements of a page.
func elements(t *testing.T, text string, visit func(*html.Node)) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			visit(n)
		}
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func TestPageStandsAlone(t *testing.T) {
	ids := map[string]bool{}
	var goals []string
	elements(t, mustWrite(t, everything()), func(n *html.Node) {
		for _, name := range []string{"src", "srcset", "data", "poster", "action", "style", "onclick"} {
			if v := attr(n, name); v != "" {
				t.Errorf("<%s %s=%q>", n.Data, name, v)
			}
		}
		if n.Data == "link" || n.Data == "iframe" || n.Data == "img" {
			t.Errorf("<%s>", n.Data)
		}
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				t.Errorf("two elements go by %q", id)
			}
			ids[id] = true
		}
		if href := attr(n, "href"); href != "" {
			goals = append(goals, href)
		}
	})
	for _, href := range goals {
		if id, inside := strings.CutPrefix(href, "#"); !inside || !strings.HasPrefix(id, "target=") && !ids[id] {
			t.Errorf("a link leads to %q", href)
		}
	}
}

func TestPageIsTheSameAgain(t *testing.T) {
	first, second := mustWrite(t, everything()), mustWrite(t, everything())
	if first != second {
		t.Error("the same input gave two pages")
	}
}

func TestPageWithNothing(t *testing.T) {
	text := mustWrite(t, page.Input{})
	if strings.Contains(text, "<section") {
		t.Error("an empty page has a section")
	}
}

func TestPartsHaveTheirSections(t *testing.T) {
	all := everything()
	for _, c := range []struct {
		in   page.Input
		want string
	}{
		{page.Input{Reports: all.Reports[:1]}, "outcome summary findings cases"},
		{page.Input{Reports: all.Reports[3:]}, "outcome summary findings cases policies"},
		{page.Input{Matrices: []results.Matrix{results.NewMatrix(all.Reports[3].Report)}}, "policies"},
		{page.Input{Models: all.Models}, "models"},
		{page.Input{Interop: all.Interop}, "interop"},
		{page.Input{Runs: all.Runs}, "load"},
		{page.Input{Comparison: all.Comparison}, "changes"},
		{page.Input{History: all.History}, "trends"},
	} {
		var got []string
		elements(t, mustWrite(t, c.in), func(n *html.Node) {
			if n.Data == "section" {
				got = append(got, attr(n, "id"))
			}
		})
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("sections %q, want %q", s, c.want)
		}
	}
}

// large is as much as a page has to hold.
func large() page.Input {
	const targets, cases = 20, 400
	var in page.Input
	for i := range targets {
		in.Reports = append(in.Reports, receiver(i, cases))
	}
	return in
}

func TestLargePageFits(t *testing.T) {
	const most, sensible = 3_000_000, 2 * time.Minute
	start := time.Now()
	text := mustWrite(t, large())
	took := time.Since(start)
	t.Logf("%d bytes in %s", len(text), took)
	if len(text) >= most || len(text) < page.DefaultSize*9/10 {
		t.Errorf("%d bytes, of which there is room for %d", len(text), page.DefaultSize)
	}
	if took > sensible {
		t.Errorf("it took %s", took)
	}
	if n := strings.Count(text, "<button type=\"button\""); n != 8000 {
		t.Errorf("%d cells", n)
	}
}

// TestRoomGoesToWhatMattersFirst: with little room the transcripts of failures are in the page, and those of what passed are not.
func TestRoomGoesToWhatMattersFirst(t *testing.T) {
	in := page.Input{Reports: []page.Report{receiver(0, 60)}}
	whole := len(mustWrite(t, in))
	told := func(size int) (all []results.Status) {
		r := receiver(0, 60)
		r.Transcript = func(c *results.CaseResult) (*results.Transcript, error) {
			all = append(all, c.Status)
			return speak(c, 0), nil
		}
		in := page.Input{Reports: []page.Report{r}, Size: size}
		if n := len(mustWrite(t, in)); n > max(size, whole) {
			t.Errorf("%d bytes for %d", n, size)
		}
		return all
	}
	all := told(0)
	if len(all) == 0 || all[0] != results.StatusFail || all[len(all)-1] != results.StatusPass {
		t.Errorf("read in the order %v", all)
	}
	chunks := regexp.MustCompile(`id="chunk-\d+">([0-9,]+);`)
	count := func(size int) int {
		n := 0
		for _, m := range chunks.FindAllStringSubmatch(mustWrite(t, page.Input{Reports: in.Reports, Size: size}), -1) {
			n += len(strings.Split(m[1], ","))
		}
		return n
	}
	full, half, none := count(0), count(whole-8000), count(1)
	if full != len(all) || half == 0 || half >= full || none != 0 {
		t.Errorf("%d, %d and %d transcripts of %d", full, half, none, len(all))
	}
}

func TestTranscriptThatCannotBeRead(t *testing.T) {
	broken := errors.New("line 7: unknown line")
	r := receiver(0, 4)
	r.Transcript = func(*results.CaseResult) (*results.Transcript, error) { return nil, broken }
	_, err := wrote(page.Input{Reports: []page.Report{r}})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "mta-00/default") {
		t.Errorf("got %v", err)
	}
}

// TestTextIsNoMarkup: what targets say cannot become part of the page.
func TestTextIsNoMarkup(t *testing.T) {
	r := receiver(0, 60)
	for i := range r.Cases {
		r.Cases[i].Got, r.Cases[i].Title = "</script><img src=x onerror=alert(1)>", "<i>title</i>"
	}
	r.Target.Version = "<u>1</u>"
	elements(t, mustWrite(t, page.Input{Reports: []page.Report{r}}), func(n *html.Node) {
		if n.Data == "img" || n.Data == "i" || n.Data == "u" {
			t.Errorf("<%s>", n.Data)
		}
	})
}
