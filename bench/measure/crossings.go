//go:build linux

package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"
)

// crossings are the messages between a Go program and the jsii kernel.
type crossings struct {
	Requests  int // Go asks the kernel.
	Callbacks int // The kernel asks Go.
}

// countCrossings reads what the kernel prints with JSII_DEBUG=1: each message
// to it after "> ", each from it after "< ", and notes of its own, in whose
// middle a message may begin.
func countCrossings(r io.Reader) (crossings, error) {
	var c crossings
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		c.Requests += strings.Count(line, `> {"api":`)
		c.Callbacks += strings.Count(line, `< {"callback":`)
		if err == io.EOF {
			return c, nil
		}
		if err != nil {
			return c, err
		}
	}
}

// countAll counts, for the rows that ask for it, what each program in Go needs.
func (b *bench) countAll(ctx context.Context, rows []row) ([]namedCrossings, error) {
	var all []namedCrossings
	for _, r := range rows {
		for _, program := range []string{ours, naive} {
			if !r.counted {
				continue
			}
			counted, err := b.crossings(ctx, r.cell(program).command)
			if err != nil {
				return nil, err
			}
			progress("%s, %s: %d requests and %d callbacks", r.name, program, counted.Requests, counted.Callbacks)
			all = append(all, namedCrossings{r.name, program, counted})
		}
	}
	return all, nil
}

// crossings runs c once and counts.
func (b *bench) crossings(ctx context.Context, c command) (crossings, error) {
	log, err := b.log()
	if err != nil {
		return crossings{}, err
	}
	defer log.Close()
	c.env = append(c.env, "JSII_DEBUG=1")
	if _, err := c.run(ctx, compareLimit, log); err != nil {
		return crossings{}, err
	}
	if _, err := log.Seek(0, io.SeekStart); err != nil {
		return crossings{}, err
	}
	return countCrossings(log)
}

// log is a new file for the standard error of a command.
func (b *bench) log() (*os.File, error) { return os.Create(b.build + "/stderr.log") }
