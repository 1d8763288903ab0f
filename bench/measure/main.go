//go:build linux

// Command measure builds this library and its peers, makes sure that they
// render the same objects, measures them in turns, and writes the tables of
// docs/performance.md. Start it with bench/run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

const (
	// DefaultRuns is the number of turns for each row of a table.
	DefaultRuns = 5

	// DefaultLimit is the time after which a command is ended and not started
	// again.
	DefaultLimit = 180 * time.Second

	quickRuns    = 3
	compareLimit = time.Minute
	testLimit    = 15 * time.Minute

	page   = "docs/performance.md"
	kernel = "kernel" // What -only calls the counting of requests.
)

type options struct {
	quick bool
	check bool
	runs  int
	limit time.Duration
	only  string
}

func main() {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "1 and 10 stacks, 3 runs; prints the tables and writes no page")
	flag.BoolVar(&o.check, "check", false, "only build all programs and compare what they render")
	flag.IntVar(&o.runs, "runs", 0,
		fmt.Sprintf("turns for each row (default %d, or %d with -quick)", DefaultRuns, quickRuns))
	flag.DurationVar(&o.limit, "limit", DefaultLimit, "the time after which a command is ended and not tried again")
	flag.StringVar(&o.only, "only", "", "measure only the rows whose name holds this text, or only count the requests "+
		"to the "+kernel+"; writes no page")
	flag.Parse()
	if o.runs == 0 {
		o.runs = DefaultRuns
		if o.quick {
			o.runs = quickRuns
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := measure(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, o options) error {
	b, err := newBench()
	if err != nil {
		return err
	}
	if err := adoptOrphans(); err != nil {
		return err
	}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	if err := b.compare(ctx); err != nil || o.check {
		return err
	}

	r := report{started: time.Now(), options: o}
	if r.machine, err = describeMachine(ctx, b); err != nil {
		return err
	}
	rows := b.rows(o.quick)
	if o.only == "" || o.only == kernel {
		if r.crossings, err = b.countAll(ctx, rows); err != nil {
			return err
		}
	}

	var problems []error
	tooSlow := map[string]bool{}
	for _, row := range rows {
		if !strings.Contains(row.name, o.only) {
			continue
		}
		problems = append(problems, b.measureRow(ctx, &row, o, tooSlow))
		r.rows = append(r.rows, row)
		if ctx.Err() != nil {
			break
		}
	}

	// A program that failed says so in its cell, and costs no other number.
	text := r.text()
	fmt.Print(text)
	if ctx.Err() == nil && !o.quick && o.only == "" {
		problems = append(problems, replaceGenerated(filepath.Join(b.root, page), text))
	}
	return errors.Join(problems...)
}

// row is what is measured in turns.
type row struct {
	name    string
	series  string // Rows of one series grow; what was too slow once stays so.
	stacks  int
	cells   []*cell
	most    int           // The number of runs at most, or 0.
	limit   time.Duration // Instead of that of the options, if it is longer.
	counted bool          // The requests to the kernel are counted, too.
}

// cell is one program in a row.
type cell struct {
	program string
	command command
	samples []sample
	slow    bool // It was ended at the limit.
	failed  bool // It ended with an error.
}

func (b *bench) rows(quick bool) []row {
	cdk8s := []string{ours, typeScript, naive}
	renders := func(columns []string, l load) []*cell {
		var cells []*cell
		for _, program := range columns {
			cells = append(cells, &cell{program: program, command: b.render(program, l)})
		}
		return cells
	}

	one := load{apps: 1, charts: 1}
	app := renders(programs, one)
	app[0].command = b.defaultApp()
	app24 := renders(cdk8s, one)
	app24[0].command = b.defaultApp()
	for _, c := range app24 {
		c.command = b.onNode24(c.command)
	}
	rows := []row{
		{name: "default app, built", cells: app, stacks: 1, counted: true},
		{name: "default app, built, Node 24", cells: app24, stacks: 1},
		{name: "from source after an edit (`go run .`, `npx ts-node`)", stacks: 1, cells: []*cell{
			{program: ours, command: b.goRun()}, {program: typeScript, command: b.tsNode()},
		}},
		{name: "one App of one stack", cells: renders(programs, one), stacks: 1},
	}

	sizes, tenants := []int{10, 100, 400}, 30
	if quick {
		sizes, tenants = []int{10}, 3
	}
	for _, n := range sizes {
		rows = append(rows, row{
			name: fmt.Sprintf("%d Apps of one stack", n), series: manyApps, stacks: n,
			cells: renders(programs, load{apps: n, charts: 1}),
		})
	}
	for _, n := range sizes {
		rows = append(rows, row{
			name: fmt.Sprintf("one App of %d stacks", n), series: oneApp, stacks: n,
			cells: renders(programs, load{apps: 1, charts: n}),
		})
	}
	rows = append(rows, row{
		name: fmt.Sprintf("%d tenants with isolation, 2 environments", tenants), stacks: 2 * tenants, counted: true,
		cells: renders(cdk8s, load{apps: 2, charts: tenants, isolated: true}),
	})
	if !quick {
		rows = append(rows, row{
			name: "`go test ./...`", cells: []*cell{{program: ours, command: b.tests()}}, most: 3, limit: testLimit,
		})
	}
	return rows
}

// The series of rows: an App for each stack, or all stacks in one App.
const (
	manyApps = "N Apps"
	oneApp   = "one App"
)

// measureRow gives each program its turn, as often as there are runs, so that
// what slows the machine down for a while slows down all of them. A program
// that fails gets no further turn, and the others go on.
func (b *bench) measureRow(ctx context.Context, r *row, o options, tooSlow map[string]bool) error {
	runs := o.runs
	if r.most > 0 {
		runs = min(runs, r.most)
	}
	r.limit = max(r.limit, o.limit)
	var problems []error
	for turn := range runs {
		for _, c := range r.cells {
			series := r.series + " " + c.program
			c.slow = c.slow || r.series != "" && tooSlow[series]
			if c.slow || c.failed {
				continue
			}
			switch s, err := b.once(ctx, c.command, r.limit); {
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, errLimit):
				c.slow, tooSlow[series] = true, true
				progress("%s, %s: > %s", r.name, c.program, r.limit)
			case err != nil:
				c.failed = true
				problems = append(problems, fmt.Errorf("%s, %s: %w", r.name, c.program, err))
				progress("%s, %s: failed", r.name, c.program)
			default:
				c.samples = append(c.samples, s)
				progress("%s, run %d, %s: %.2f s, CPU %.2f s, %d MiB",
					r.name, turn+1, c.program, s.Wall.Seconds(), s.CPU.Seconds(), s.Memory>>20)
			}
		}
	}
	return errors.Join(problems...)
}

// once runs c once; what it prints to standard error goes to a file.
func (b *bench) once(ctx context.Context, c command, limit time.Duration) (sample, error) {
	log, err := b.log()
	if err != nil {
		return sample{}, err
	}
	defer log.Close()
	return c.run(ctx, limit, log)
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
