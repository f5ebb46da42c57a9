package page

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"math"
	"regexp"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Size of a chart in points; the page scales it to the width that there is.
const (
	chartWidth  = 480
	chartHeight = 270
	fontSize    = 12.5
)

// chart is a drawing with its name, the key to its lines, and its figures.
type chart struct {
	ID, Name string
	Key      []key
	Drawing  template.HTML
	Figures  table
}

// key says which line is which.
type key struct {
	Name, Class string
	Dashes      string
}

// line is a series of points.
type line struct {
	name   string
	points plotter.XYs
	// steps draws it as constant between points; dots marks them.
	steps, dots bool
}

// axes of a chart. Ticks of x are even numbers without.
type axes struct {
	x, y   string
	xTicks plot.Ticker
	// free says that y need not begin at 0: changes matter, not sizes.
	free bool
	// marks are x at which something changed.
	marks []float64
}

// maxLines is how many lines can be told apart.
const maxLines = 9

// seriesColor stands for the color of the n-th line, ink and faint for those of text and grid; restyle puts classes in
// their place.
func seriesColor(n int) color.Color { return color.NRGBA{R: 2, G: 1, B: uint8(n % maxLines), A: 255} }

func ink() color.Color   { return color.NRGBA{R: 2, G: 2, B: 1, A: 255} }
func faint() color.Color { return color.NRGBA{R: 2, G: 2, B: 2, A: 255} }

// dashes of the n-th line, so that lines differ in more than color.
func dashes(n int) []vg.Length {
	all := [][]vg.Length{nil, {7, 3}, {2, 2}, {9, 3, 2, 3}, {5, 2, 2, 2, 2, 2}, {12, 4}, {1, 3}, {4, 6}, {14, 2, 4, 2}}
	return all[n%len(all)]
}

// drawChart makes a chart of lines; those without points are left out.
func drawChart(id, name string, a axes, lines []line) (chart, error) {
	c := chart{ID: id, Name: name}
	p := newPlot(a)
	for i, l := range lines {
		if len(l.points) == 0 {
			continue
		}
		if err := addLine(p, i, l); err != nil {
			return c, fmt.Errorf("draw %s: %w", name, err)
		}
		c.Key = append(c.Key, key{l.name, fmt.Sprintf("s%d", i%maxLines), dashText(dashes(i))})
	}
	widen(&p.X)
	widen(&p.Y)
	p.Y.Max += (p.Y.Max - p.Y.Min) / 20
	for _, x := range a.marks {
		if err := addMark(p, x); err != nil {
			return c, fmt.Errorf("draw %s: %w", name, err)
		}
	}
	canvas := vgsvg.New(chartWidth, chartHeight)
	p.Draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return c, fmt.Errorf("draw %s: %w", name, err)
	}
	c.Drawing = template.HTML(restyle(b.String(), id))
	return c, nil
}

// newPlot is an empty plot with its axes and grid.
func newPlot(a axes) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.X.Label.Text, p.Y.Label.Text = a.x, a.y
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color, axis.Tick.Color = ink(), ink()
		for _, style := range []*draw.TextStyle{&axis.Label.TextStyle, &axis.Tick.Label} {
			style.Color, style.Font.Size = ink(), fontSize
		}
	}
	if !a.free {
		p.Y.Min = 0
	}
	if a.xTicks != nil {
		p.X.Tick.Marker = a.xTicks
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = faint(), faint()
	p.Add(grid)
	return p
}

// widen gives an axis a length where all points lie at one place, or there is none.
func widen(axis *plot.Axis) {
	if math.IsInf(axis.Min, 0) {
		axis.Min, axis.Max = 0, 0
	}
	if axis.Max <= axis.Min {
		axis.Max = axis.Min + 1
	}
}

// addMark draws an upright line at which something changed.
func addMark(p *plot.Plot, x float64) error {
	m, err := plotter.NewLine(plotter.XYs{{X: x, Y: p.Y.Min}, {X: x, Y: p.Y.Max}})
	if err != nil {
		return fmt.Errorf("mark at %g: %w", x, err)
	}
	m.Color, m.Width, m.Dashes = ink(), 1, []vg.Length{2, 3}
	p.Add(m)
	return nil
}

// addLine adds the n-th line to a plot.
func addLine(p *plot.Plot, n int, l line) error {
	drawn, err := plotter.NewLine(l.points)
	if err != nil {
		return fmt.Errorf("%s: %w", l.name, err)
	}
	drawn.Color, drawn.Width, drawn.Dashes = seriesColor(n), 1.8, dashes(n)
	if l.steps {
		drawn.StepStyle = plotter.PreStep
	}
	p.Add(drawn)
	if !l.dots && len(l.points) > 1 {
		return nil
	}
	dots, err := plotter.NewScatter(l.points)
	if err != nil {
		return fmt.Errorf("%s: %w", l.name, err)
	}
	dots.Color, dots.Radius, dots.Shape = seriesColor(n), 2.2, draw.CircleGlyph{}
	p.Add(dots)
	return nil
}

// dashText is a dash pattern as SVG has it.
func dashText(d []vg.Length) string {
	var parts []string
	for _, l := range d {
		parts = append(parts, fmt.Sprintf("%g", float64(l)))
	}
	return strings.Join(parts, " ")
}

// restyle takes the styles out of a drawing, which the page's policy forbids, and puts attributes and classes in their
// place; the page's styles set colors and font.
func restyle(svg, id string) string {
	_, body, _ := strings.Cut(svg[strings.Index(svg, "<svg"):], ">")
	styles := regexp.MustCompile(`\s*style="([^"]*)"`)
	body = styles.ReplaceAllStringFunc(body, func(s string) string { return attributes(styles.FindStringSubmatch(s)[1]) })
	body = strings.Join(strings.Fields(body), " ")
	return fmt.Sprintf(`<svg viewBox="0 0 %d %d" role="img" aria-labelledby="%s-name">%s`, chartWidth, chartHeight, id, body)
}

// attributes are what takes the place of a style.
func attributes(style string) string {
	var out string
	var classes []string
	for _, rule := range strings.Split(style, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(rule), ":")
		switch name {
		case "fill", "stroke":
			if class := colorClass(value); class != "" {
				classes = append(classes, name[:1]+"-"+class)
			} else {
				out += fmt.Sprintf(` %s="%s"`, name, value)
			}
		case "stroke-width", "stroke-dasharray":
			out += fmt.Sprintf(` %s="%s"`, name, value)
		case "font-size":
			out += fmt.Sprintf(` font-size="%s"`, strings.TrimSuffix(value, "px"))
		}
	}
	if classes != nil {
		out += fmt.Sprintf(` class="%s"`, strings.Join(classes, " "))
	}
	return out
}

// colorClass is the class that a color stands for; empty for one that is no such.
func colorClass(value string) string {
	var r, g, b int
	if _, err := fmt.Sscanf(strings.ToLower(value), "#%02x%02x%02x", &r, &g, &b); err != nil || r != 2 {
		return ""
	}
	switch {
	case g == 1:
		return fmt.Sprintf("s%d", b)
	case b == 1:
		return "ink"
	}
	return "faint"
}

// byPercentile puts a share q, 0 to below 1, where HdrHistogram draws it: each nine as wide as the one before.
func byPercentile(q float64) float64 { return -math.Log10(1 - q) }

// percentileTicks marks the nines.
type percentileTicks struct{}

// Ticks gives the nines between two places.
func (percentileTicks) Ticks(from, to float64) []plot.Tick {
	var ticks []plot.Tick
	for _, percent := range []string{"0", "50", "90", "99", "99.9", "99.99", "99.999", "99.9999"} {
		var q float64
		_, _ = fmt.Sscanf(percent, "%g", &q) // it is a number
		if x := byPercentile(q / 100); x >= from && x <= to {
			ticks = append(ticks, plot.Tick{Value: x, Label: percent + " %"})
		}
	}
	return ticks
}

// labelTicks marks places by a text.
type labelTicks []plot.Tick

// Ticks gives all.
func (t labelTicks) Ticks(_, _ float64) []plot.Tick { return t }
