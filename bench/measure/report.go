//go:build linux

package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// The part of the page between these lines is written by bench/run.
const (
	begin = "<!-- bench/run writes from here -->\n"
	end   = "<!-- bench/run writes until here -->\n"
)

type namedCrossings struct {
	row     string
	program string
	crossings
}

type report struct {
	started   time.Time
	options   options
	machine   string
	crossings []namedCrossings
	rows      []row
}

// table shows one property of the samples.
type table struct {
	title string
	value func(s sample) float64
	text  func(v float64) string
}

var programs = []string{ours, typeScript, naive, helm, kustomize}

var tables = []table{
	{"Wall time", func(s sample) float64 { return s.Wall.Seconds() }, seconds},
	{"CPU time", func(s sample) float64 { return s.CPU.Seconds() }, seconds},
	{"Peak memory", func(s sample) float64 { return float64(s.Memory) / (1 << 20) }, mebibytes},
}

func seconds(v float64) string {
	if v >= 10 {
		return fmt.Sprintf("%.1f s", v)
	}
	return fmt.Sprintf("%.2f s", v)
}

func mebibytes(v float64) string { return fmt.Sprintf("%.0f MiB", v) }

func (r report) text() string {
	var s strings.Builder
	fmt.Fprintf(&s, "\nMeasured on %s on %s.\n", r.started.UTC().Format("2 January 2006"), r.machine)
	if len(r.rows) > 0 {
		r.writeTables(&s)
		r.writeGrowth(&s)
	}
	if len(r.crossings) > 0 {
		r.writeCrossings(&s)
	}
	s.WriteString("\n")
	return s.String()
}

func (r report) writeTables(s *strings.Builder) {
	for _, t := range tables {
		fmt.Fprintf(s, "\n### %s\n\n| | %s |\n|---|%s\n",
			t.title, strings.Join(programs, " | "), strings.Repeat("---|", len(programs)))
		for _, row := range r.rows {
			fmt.Fprintf(s, "| %s |", row.name)
			for _, program := range programs {
				fmt.Fprintf(s, " %s |", t.cell(row, program))
			}
			s.WriteString("\n")
		}
	}
}

func (r report) writeCrossings(s *strings.Builder) {
	s.WriteString("\n### Kernel\n\n| | | requests | callbacks | together |\n|---|---|---|---|---|\n")
	for _, c := range r.crossings {
		fmt.Fprintf(s, "| %s | %s | %d | %d | %d |\n", c.row, c.program, c.Requests, c.Callbacks, c.Requests+c.Callbacks)
	}
}

// writeGrowth compares the two largest rows of each series.
func (r report) writeGrowth(s *strings.Builder) {
	for _, name := range []string{manyApps, oneApp} {
		var series []row
		for _, row := range r.rows {
			if row.series == name {
				series = append(series, row)
			}
		}
		if len(series) < 2 {
			continue
		}
		small, large := series[len(series)-2], series[len(series)-1]
		fmt.Fprintf(s, "\n### Growth: %s\n\n%d stacks against %d: how many times as much; %.3g is in proportion.\n\n| |",
			name, large.stacks, small.stacks, float64(large.stacks)/float64(small.stacks))
		for _, t := range tables {
			fmt.Fprintf(s, " %s |", strings.ToLower(t.title))
		}
		fmt.Fprintf(s, "\n|---|%s\n", strings.Repeat("---|", len(tables)))
		for _, program := range programs {
			fmt.Fprintf(s, "| %s |", program)
			for _, t := range tables {
				fmt.Fprintf(s, " %s |", t.growth(small.cell(program), large.cell(program)))
			}
			s.WriteString("\n")
		}
	}
}

// growth is the ratio of two medians.
func (t table) growth(small, large *cell) string {
	if !small.measured() || !large.measured() {
		return "–"
	}
	return "× " + factor(median(values(large.samples, t.value))/median(values(small.samples, t.value)))
}

func (r row) cell(program string) *cell {
	for _, c := range r.cells {
		if c.program == program {
			return c
		}
	}
	return nil
}

// measured tells whether all runs of a cell came to their end.
func (c *cell) measured() bool { return c != nil && !c.slow && !c.failed && len(c.samples) > 0 }

// cell is the median of a program and, for a peer, how many times as much the
// library takes: the median of the ratios of the turns.
func (t table) cell(r row, program string) string {
	c := r.cell(program)
	switch {
	case c == nil:
		return "–"
	case c.slow:
		return fmt.Sprintf("ended at %.0f s", r.limit.Seconds())
	case c.failed:
		return "failed"
	case len(c.samples) == 0:
		return "–"
	}
	theirs := values(c.samples, t.value)
	text := t.text(median(theirs))
	own := r.cell(ours)
	if program == ours || own == nil || len(own.samples) != len(c.samples) {
		return text
	}
	var ratios []float64
	for i, v := range values(own.samples, t.value) {
		ratios = append(ratios, v/theirs[i])
	}
	return fmt.Sprintf("%s (× %s)", text, factor(median(ratios)))
}

func factor(v float64) string {
	switch {
	case v >= 10:
		return fmt.Sprintf("%.0f", v)
	case v >= 1:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func values(samples []sample, value func(s sample) float64) []float64 {
	var all []float64
	for _, s := range samples {
		all = append(all, value(s))
	}
	return all
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// describeMachine names what the numbers depend on.
func describeMachine(ctx context.Context, b *bench) (string, error) {
	version := func(program string) (string, error) {
		answer, err := exec.CommandContext(ctx, program, "--version").Output()
		return strings.TrimPrefix(strings.TrimSpace(string(answer)), "v"), err
	}
	node, err := version("node")
	node24, err24 := version(b.node24() + "/node")
	if err := cmp.Or(err, err24); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d cores (%s) with %s of memory; Go %s; Node %s, and %s where the row says Node 24",
		runtime.NumCPU(), procField("/proc/cpuinfo", "model name"), memorySize(),
		strings.TrimPrefix(runtime.Version(), "go"), node, node24), nil
}

func memorySize() string {
	var kib int64
	_, _ = fmt.Sscanf(procField("/proc/meminfo", "MemTotal"), "%d", &kib)
	return fmt.Sprintf("%.0f GiB", float64(kib)/(1<<20))
}

// procField is the first value of name in a file of lines "name : value".
func procField(file, name string) string {
	content, _ := os.ReadFile(file)
	for line := range strings.Lines(string(content)) {
		if key, value, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// replaceGenerated puts text between the two lines of a page.
func replaceGenerated(file, text string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(content), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("%s lacks the lines %q and %q", file, begin, end)
	}
	return os.WriteFile(file, []byte(before+begin+text+end+after), 0o644)
}
