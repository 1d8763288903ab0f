package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/e2e/cluster"
)

// What the site has acknowledged is there, whatever happens to the database's
// pod: with and without the time to shut down, the next one starts at once.
func TestAcknowledgedWritesSurvivePodLoss(t *testing.T) {
	a := newApp(t, "writes")
	a.start()
	l := a.load(writers(40))
	for _, deletion := range []struct {
		how   string
		grace *int64
	}{
		{"at once", new(int64(0))},
		{"in its own time", nil},
		{"at once", new(int64(0))},
		{"at once", new(int64(0))},
	} {
		a.waitForMoreRows(30)
		victim := a.database()
		a.deletePod(victim, deletion.grace)
		took := eventually(t, startLimit, "another PostgreSQL pod is ready", func(context.Context) error {
			for _, p := range a.pods(postgres.DefaultName) {
				if p.UID != victim.UID && cluster.IsReady(p) {
					return nil
				}
			}
			return errors.New("none is")
		})
		t.Logf("pod deleted %s: the next one is ready after %s", deletion.how, took)
	}
	a.waitForMoreRows(30)
	counted := l.stop()
	t.Log(counted)

	rows := a.rows()
	lost := 0
	for id, text := range counted.acknowledged {
		if rows[id] != text {
			lost++
			t.Errorf("row %d was acknowledged as %q and is now %q", id, text, rows[id])
		}
	}
	t.Logf("%d rows acknowledged, %d lost; %d rows in the database", len(counted.acknowledged), lost, len(rows))
	if len(counted.acknowledged) < 100 {
		t.Errorf("only %d rows were acknowledged: too few to prove anything", len(counted.acknowledged))
	}
	a.waitFor(postgres.DefaultName)
}

// waitForMoreRows waits until n more rows have been written.
func (a *app) waitForMoreRows(n int) {
	a.t.Helper()
	first := -1
	eventually(a.t, time.Minute, fmt.Sprintf("%d more rows are written", n), func(context.Context) error {
		count, err := a.countRows()
		if err != nil {
			return err
		}
		if first < 0 {
			first = count
		}
		if count < first+n {
			return fmt.Errorf("%d of %d are", count-first, n)
		}
		return nil
	})
}

type entries struct {
	Count   int `json:"count"`
	Entries []struct {
		ID   int    `json:"id"`
		Text string `json:"text"`
	} `json:"entries"`
}

func (a *app) countRows() (int, error) {
	found, err := a.list(0)
	return found.Count, err
}

// rows returns the text of every row, by id.
func (a *app) rows() map[int]string {
	a.t.Helper()
	const limit = 10_000 // The site returns no more.
	var found entries
	eventually(a.t, time.Minute, "the rows can be read", func(context.Context) (err error) {
		found, err = a.list(limit)
		return err
	})
	if found.Count > limit {
		a.t.Fatalf("there are %d rows, and only %d can be read", found.Count, limit)
	}
	rows := map[int]string{}
	for _, entry := range found.Entries {
		rows[entry.ID] = entry.Text
	}
	return rows
}

func (a *app) list(limit int) (entries, error) {
	var found entries
	got, err := a.get(a.web(), fmt.Sprintf("/entries?limit=%d", limit))
	if err != nil {
		return found, err
	}
	if got.status != 200 {
		return found, fmt.Errorf("status %d: %s", got.status, got.body)
	}
	err = json.Unmarshal([]byte(got.body), &found)
	return found, err
}

// add writes one row and returns its id.
func (a *app) add(text string) int {
	a.t.Helper()
	got, err := a.request(a.web(), "POST", "/entries", map[string][]string{"text": {text}})
	if err != nil || got.status != 201 {
		a.t.Fatalf("a row is not written: %d: %s: %v", got.status, got.body, err)
	}
	var row struct {
		ID int `json:"id"`
	}
	if err := json.Unmarshal([]byte(got.body), &row); err != nil {
		a.t.Fatal(err)
	}
	return row.ID
}
