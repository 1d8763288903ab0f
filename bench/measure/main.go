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

	page = "docs/performance.md"
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
	flag.IntVar(&o.runs, "runs", 0, fmt.Sprintf("turns for each row (default %d, or %d with -quick)", DefaultRuns, quickRuns))
	flag.DurationVar(&o.limit, "limit", DefaultLimit, "the time after which a command is ended and not tried again")
	flag.StringVar(&o.only, "only", "", "measure only the rows whose name holds this text; writes no page")
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
	for _, program := range []struct {
		name    string
		command command
	}{{ours, b.defaultApp()}, {naive, b.render(naive, load{apps: 1, charts: 1})}} {
		counted, err := b.crossings(ctx, program.command)
		if err != nil {
			return err
		}
		r.crossings = append(r.crossings, namedCrossings{program.name, counted})
	}

	var problems []error
	tooSlow := map[string]bool{}
	for _, row := range b.rows(o.quick) {
		if !strings.Contains(row.name, o.only) {
			continue
		}
		problems = append(problems, b.measureRow(ctx, &row, o, tooSlow))
		r.rows = append(r.rows, row)
		if ctx.Err() != nil {
			break
		}
	}

	text := r.text()
	fmt.Print(text)
	if err := errors.Join(problems...); err != nil || o.quick || o.only != "" {
		return err
	}
	return replaceGenerated(filepath.Join(b.root, page), text)
}

// row is what is measured in turns.
type row struct {
	name   string
	series string // Rows of one series grow; what was too slow once stays so.
	stacks int
	cells  []*cell
	most   int // The number of runs at most, or 0.
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
	all := []string{ours, typeScript, naive, helm, kustomize}
	cdk8s := all[:3]
	renders := func(programs []string, l load) []*cell {
		var cells []*cell
		for _, program := range programs {
			cells = append(cells, &cell{program: program, command: b.render(program, l)})
		}
		return cells
	}

	one := load{apps: 1, charts: 1}
	app := renders(all, one)
	app[0].command = b.defaultApp()
	app24 := renders(cdk8s, one)
	app24[0].command = b.defaultApp()
	for _, c := range app24 {
		c.command = b.onNode24(c.command)
	}
	rows := []row{
		{name: "default app, built", cells: app, stacks: 1},
		{name: "default app, built, Node 24", cells: app24, stacks: 1},
		{name: "from source after an edit (`go run .`, `npx ts-node`)", stacks: 1, cells: []*cell{
			{program: ours, command: b.goRun()}, {program: typeScript, command: b.tsNode()},
		}},
	}

	sizes, tenants := []int{10, 100, 400}, 30
	if quick {
		sizes, tenants = []int{10}, 3
	}
	for _, n := range sizes {
		rows = append(rows, row{
			name: fmt.Sprintf("%d Apps of one stack", n), series: "apps", stacks: n,
			cells: renders(all, load{apps: n, charts: 1}),
		})
	}
	for _, n := range sizes {
		rows = append(rows, row{
			name: fmt.Sprintf("one App of %d stacks", n), series: oneApp, stacks: n,
			cells: renders(all, load{apps: 1, charts: n}),
		})
	}
	rows = append(rows, row{
		name: fmt.Sprintf("%d tenants with isolation, 2 environments", tenants), stacks: 2 * tenants,
		cells: renders(cdk8s, load{apps: 2, charts: tenants, isolated: true}),
	})
	if !quick {
		rows = append(rows, row{name: "`go test ./...`", cells: []*cell{{program: ours, command: b.tests()}}, most: 3})
	}
	return rows
}

// oneApp is the series of rows with all stacks in one App.
const oneApp = "one App"

// measureRow gives each program its turn, as often as there are runs, so that
// what slows the machine down for a while slows down all of them. A program
// that fails gets no further turn, and the others go on.
func (b *bench) measureRow(ctx context.Context, r *row, o options, tooSlow map[string]bool) error {
	runs := o.runs
	if r.most > 0 {
		runs = min(runs, r.most)
	}
	var problems []error
	for turn := range runs {
		for _, c := range r.cells {
			series := r.series + " " + c.program
			c.slow = c.slow || r.series != "" && tooSlow[series]
			if c.slow || c.failed {
				continue
			}
			switch s, err := b.once(ctx, c.command, o.limit); {
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, errLimit):
				c.slow, tooSlow[series] = true, true
				progress("%s, %s: > %s", r.name, c.program, o.limit)
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
