package e2e

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// filling adds 210,000 rows to what the site has: tables with text of several
// scripts, bytes, arrays, JSON, partitions and quoted names, another schema,
// sequences that have gone on, and two large objects.
const filling = `
CREATE TABLE customers (id bigserial PRIMARY KEY, name text NOT NULL, born date, notes text);
INSERT INTO customers (name, born, notes)
	SELECT (ARRAY['Jürgen Groß', 'Łucja Żak', 'Ελένη', '山田 太郎', 'أحمد', 'Zoë 🦉'])[1 + i % 6] || ' ' || i,
		date '1940-01-01' + i % 25000, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE repeat('ß\n\t"''', i % 4) END
	FROM generate_series(1, 100000) i;
CREATE TABLE readings (
	id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer bigint NOT NULL REFERENCES customers,
	value numeric(20, 6), raw bytea, tags text[], extra jsonb
);
INSERT INTO readings (customer, value, raw, tags, extra)
	SELECT 1 + i % 100000, i * 1.000001, decode(md5(i::text), 'hex'), ARRAY['a', 'ä' || i], jsonb_build_object('n', i)
	FROM generate_series(1, 80000) i;
CREATE TABLE visits (customer bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE visits_2025 PARTITION OF visits FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO visits
	SELECT i, timestamptz '2025-06-01 00:00Z' + i * interval '25 minutes' FROM generate_series(1, 25000) i;
CREATE SCHEMA "Archiv 2024";
CREATE TABLE "Archiv 2024"."Größen" ("Größe" text PRIMARY KEY, data bytea);
INSERT INTO "Archiv 2024"."Größen"
	SELECT 'Größe ' || i, decode(repeat(md5(i::text), 20), 'hex') FROM generate_series(1, 5000) i;
CREATE TABLE "Archiv 2024".nothing (id integer);
CREATE VIEW adults AS SELECT * FROM customers WHERE born < date '2000-01-01';
CREATE INDEX readings_value ON readings (value);
CREATE SEQUENCE tickets START 1000;
SELECT nextval('tickets') FROM generate_series(1, 41);
SELECT lo_from_bytea(0, decode(repeat(md5('large'), 40000), 'hex')), lo_from_bytea(0, 'ein großes Objekt'::bytea);
CREATE TABLE written (id bigserial PRIMARY KEY, client integer, at timestamptz DEFAULT now());
`

// listing prints a line for each table and view, with its number of rows and a
// hash over them in order, for each sequence, and for each large object. What is
// written meanwhile is left out.
const listing = `
SELECT format('SELECT %L, count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text COLLATE "C")) FROM %I.%I t',
		kind || schemaname || '.' || name, schemaname, name)
	FROM (SELECT '', schemaname, tablename FROM pg_tables UNION ALL
		SELECT 'view ', schemaname, viewname FROM pg_views) AS all_of_them(kind, schemaname, name)
	WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND name <> 'written'
	ORDER BY kind, schemaname, name \gexec
SELECT schemaname || '.' || sequencename, last_value FROM pg_sequences
	WHERE sequencename NOT LIKE 'written%' ORDER BY 1;
SELECT 'large object ' || oid, md5(lo_get(oid)) FROM pg_largeobject_metadata ORDER BY oid;
SELECT 'index ' || indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1;
`

// script gives the database commands of psql, and returns the answers, one row
// a line.
func (a *app) script(commands string) string {
	a.t.Helper()
	return a.exec(a.database(), "bash", "-c",
		`printf %s "$0" | psql -qXAt -v ON_ERROR_STOP=1 -h 127.0.0.1 -U "$POSTGRES_USER" -d "$POSTGRES_DB"`, commands)
}

// rowsIn returns how many rows are in the table.
func (a *app) rowsIn(table string) int {
	a.t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(a.sql("SELECT count(*) FROM " + table)))
	if err != nil {
		a.t.Fatal(err)
	}
	return n
}

// expectContents compares what [listing] prints with what it has printed.
func (a *app) expectContents(want string) {
	a.t.Helper()
	got := a.script(listing)
	if got == want {
		a.t.Logf("%d tables, sequences, large objects, views and indexes are as they were", strings.Count(want, "\n"))
		return
	}
	is, was := lineSet(got), lineSet(want)
	for line := range strings.Lines(want) {
		if !is[line] {
			a.t.Errorf("was %s", line)
		}
	}
	for line := range strings.Lines(got) {
		if !was[line] {
			a.t.Errorf("is  %s", line)
		}
	}
}

func lineSet(text string) map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(text) {
		set[line] = true
	}
	return set
}

// writing is a load of rows into the table "written", each in a transaction of
// its own, at a steady rate.
type writing struct {
	span time.Duration
	end  chan error
	out  string
}

const writesPerSecond = 150

// writeRows starts to write, from within the pod of the database.
func (a *app) writeRows(span time.Duration) *writing {
	a.t.Helper()
	w := &writing{span: span, end: make(chan error, 1)}
	database := a.database()
	command := fmt.Sprintf(`echo 'INSERT INTO written (client) VALUES (:client_id);' |
		pgbench -n -f /dev/stdin -c 4 -R %d -T %d -h 127.0.0.1 -U "$POSTGRES_USER" "$POSTGRES_DB" 2>&1`,
		writesPerSecond, int(span.Seconds()))
	ctx := a.t.Context()
	go func() {
		var err error
		w.out, err = kube.Exec(ctx, database, "bash", "-c", command)
		w.end <- err
	}()
	eventually(a.t, 20*time.Second, "rows are written", func(context.Context) error {
		if a.rowsIn("written") == 0 {
			return fmt.Errorf("none is")
		}
		return nil
	})
	return w
}

// writes is how pgbench says what it did.
var writes = regexp.MustCompile(`(?s)transactions actually processed: (\d+).*failed transactions: (\d+) `)

// expectNoneFailed waits for the end of the writes, and returns how many there were.
func (w *writing) expectNoneFailed(t *testing.T) int {
	t.Helper()
	err := <-w.end
	found := writes.FindStringSubmatch(w.out)
	if err != nil || found == nil {
		t.Fatalf("the writes ended early: %v\n%s", err, w.out)
	}
	t.Logf("%s writes in %s, %s of them failed", found[1], w.span, found[2])
	n, err := strconv.Atoi(found[1])
	if err != nil || found[2] != "0" || float64(n) < 100*w.span.Seconds() {
		t.Errorf("want at least 100 writes a second and none that fails: %v\n%s", err, w.out)
	}
	return n
}
