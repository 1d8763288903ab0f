//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// command is one program to measure.
type command struct {
	dir    string
	args   []string
	env    []string // Further variables, NAME=VALUE.
	stdout string   // The file for its standard output, or empty.

	// prepare runs before each run and is not measured.
	prepare func() error
}

// sample is what one run of a command took.
type sample struct {
	Wall   time.Duration
	CPU    time.Duration // User and system time of all processes.
	Memory int64         // Bytes; see [peakMemory].
}

// errLimit tells that a command was ended because it took too long.
var errLimit = errors.New("took longer than the limit")

// pollInterval is short enough for a run of 0.3 s, and long enough to take
// little of the time that is measured.
const pollInterval = 20 * time.Millisecond

// prSetChildSubreaper is of prctl(2).
const prSetChildSubreaper = 36

// adoptOrphans makes this process the parent of those whose own parent has
// ended, so that their time counts.
func adoptOrphans() error {
	if _, _, problem := syscall.Syscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); problem != 0 {
		return problem
	}
	return nil
}

// run runs c once. What it prints to standard error goes to stderr and, when it
// fails, into the error.
func (c command) run(ctx context.Context, limit time.Duration, stderr io.ReadWriteSeeker) (sample, error) {
	if c.prepare != nil {
		if err := c.prepare(); err != nil {
			return sample{}, err
		}
	}
	limited, cancel := context.WithTimeoutCause(ctx, limit, errLimit)
	defer cancel()
	cmd := exec.CommandContext(limited, c.args[0], c.args[1:]...)
	cmd.Dir, cmd.Stderr = c.dir, stderr
	cmd.Env = append(environment(), c.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if c.stdout != "" {
		file, err := os.Create(c.stdout)
		if err != nil {
			return sample{}, err
		}
		defer file.Close()
		cmd.Stdout = file
	}

	start := time.Now()
	if err := cmd.Start(); err != nil {
		return sample{}, cmp.Or(context.Cause(limited), err)
	}
	done, peak := make(chan struct{}), make(chan int64)
	go func() { peak <- peakMemory(done) }()
	err := cmd.Wait()
	s := sample{Wall: time.Since(start)}
	close(done)
	s.Memory = <-peak
	if limited.Err() != nil {
		err = context.Cause(limited)
	}
	s.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime() + reapOrphans(cmd.Process.Pid)
	if err != nil && !errors.Is(err, errLimit) {
		_, _ = stderr.Seek(0, io.SeekStart)
		said, _ := io.ReadAll(stderr)
		err = fmt.Errorf("%s: %w\n%s", strings.Join(c.args, " "), err, said)
	}
	return s, err
}

// reapOrphans waits for the processes that a command has left behind, and ends
// those of its group that have not ended by themselves after some seconds.
func reapOrphans(group int) time.Duration {
	kill := time.AfterFunc(10*time.Second, func() { _ = syscall.Kill(-group, syscall.SIGKILL) })
	defer kill.Stop()
	var cpu time.Duration
	for {
		var usage syscall.Rusage
		switch _, err := syscall.Wait4(-1, nil, 0, &usage); {
		case err == nil:
			cpu += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
		case !errors.Is(err, syscall.EINTR):
			return cpu
		}
	}
}

// peakMemory samples the processes below this one until done. It returns the
// largest sum of the highest resident sizes of those that lived at the same
// time. Pages that processes share count for each of them.
func peakMemory(done <-chan struct{}) int64 {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	var peak int64
	for {
		peak = max(peak, memoryBelow(os.Getpid()))
		select {
		case <-done:
			return peak
		case <-ticker.C:
		}
	}
}

func memoryBelow(pid int) int64 {
	var sum int64
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		children, _ := os.ReadFile(list) // The thread may have ended.
		for child := range strings.FieldsSeq(string(children)) {
			if id, err := strconv.Atoi(child); err == nil {
				sum += highestResidentSize(id) + memoryBelow(id)
			}
		}
	}
	return sum
}

func highestResidentSize(pid int) int64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "\nVmHWM:")
	line, _, _ := strings.Cut(rest, "\n")
	kib, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(line, " kB")), 10, 64)
	return kib * 1024
}

// environment is that of this program without what would change the output.
func environment() []string {
	var kept []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if name != "DJANGO_IMAGE" && name != "CDK8S_OUTDIR" && !strings.HasPrefix(name, "JSII_") {
			kept = append(kept, variable)
		}
	}
	return kept
}
