package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// interval is how often a condition is looked at.
const interval = 250 * time.Millisecond

// eventually waits until condition returns nil and returns how long that took.
// After limit the test fails with what condition returned last.
func eventually(t *testing.T, limit time.Duration, what string, condition func(ctx context.Context) error) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	took, err := poll(ctx, func() error { return condition(ctx) })
	if err != nil {
		t.Fatalf("%s: not within %s: %v", what, limit, err)
	}
	return took
}

// always fails the test when condition returns an error within the time.
func always(t *testing.T, span time.Duration, what string, condition func(ctx context.Context) error) {
	t.Helper()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for start := time.Now(); time.Since(start) < span; <-ticker.C {
		if err := condition(t.Context()); err != nil {
			t.Fatalf("%s: not after %s: %v", what, time.Since(start).Round(time.Second), err)
		}
	}
}

// poll calls condition until it returns nil or ctx ends. The error is then the
// last one that is not about ctx itself.
func poll(ctx context.Context, condition func() error) (time.Duration, error) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	last := errors.New("was not looked at")
	for start := time.Now(); ; {
		err := condition()
		if err == nil {
			return time.Since(start).Round(100 * time.Millisecond), nil
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("%w (%w)", last, ctx.Err())
		case <-ticker.C:
		}
	}
}
