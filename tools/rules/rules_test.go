package rules

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
	"sigs.k8s.io/yaml"
)

// manifests holds the PrometheusRule under test.
const manifests = "../../examples/production/dist/guestbook.k8s.yaml"

// What the rules are about.
const (
	namespace = "guestbook"
	backup    = "postgres-backup"
	drill     = "postgres-drill"
	claim     = "postgres-pvc"
)

// rule is one alert, as it stands in the manifest.
type rule struct {
	Alert  string            `json:"alert"`
	Expr   string            `json:"expr"`
	For    string            `json:"for"`
	Labels map[string]string `json:"labels"`
}

// readRules returns the alerts of the manifests.
func readRules(t *testing.T) []rule {
	t.Helper()
	content, err := os.ReadFile(manifests)
	if err != nil {
		t.Fatal(err)
	}
	var rules []rule
	for document := range strings.SplitSeq(string(content), "\n---\n") {
		var object struct {
			Kind string `json:"kind"`
			Spec struct {
				Groups []struct {
					Rules []rule `json:"rules"`
				} `json:"groups"`
			} `json:"spec"`
		}
		if !strings.Contains(document, "\nkind: PrometheusRule\n") {
			continue
		}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatal(err)
		}
		for _, group := range object.Spec.Groups {
			rules = append(rules, group.Rules...)
		}
	}
	if len(rules) == 0 {
		t.Fatalf("%s holds no rule", manifests)
	}
	return rules
}

// world is what Prometheus scrapes: names and labels as [kube-state-metrics] and
// the [kubelet] export them, with those of the scrape itself.
//
// [kube-state-metrics]: https://github.com/kubernetes/kube-state-metrics/blob/main/docs/metrics/workload/cronjob-metrics.md
// [kubelet]: https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/metrics/collectors/volume_stats.go
type world struct {
	cronJobs []cronJob
	volumes  []volume
}

// cronJob is one that kube-state-metrics tells about. A metric of a time that
// is zero is not exported.
type cronJob struct {
	namespace, name                string
	created, scheduled, successful time.Time
	instance                       string // Of kube-state-metrics.
}

// volume is one that the kubelet tells about.
type volume struct {
	namespace, claim string
	free             float64 // In percent.
	since            time.Time
	instance         string // Of the kubelet.
}

// scrape returns the series at that time.
func (w world) scrape(t *testing.T, now time.Time) (all []storage.Series) {
	t.Helper()
	add := func(name string, value float64, pairs ...string) {
		samples := chunkenc.NewXORChunk()
		appender, err := samples.Appender()
		if err != nil {
			t.Fatal(err)
		}
		appender.Append(now.UnixMilli(), value)
		all = append(all, &storage.SeriesEntry{
			Lset:             labels.FromStrings(append(pairs, labels.MetricName, name)...),
			SampleIteratorFn: samples.Iterator,
		})
	}
	for _, c := range w.cronJobs {
		pairs := []string{
			"namespace", c.namespace, "cronjob", c.name, "job", "kube-state-metrics", "service", "kube-state-metrics",
			"endpoint", "http", "instance", c.instance,
		}
		add("kube_cronjob_info", 1, append(slices.Clip(pairs),
			"schedule", "30 2 * * *", "concurrency_policy", "Forbid", "timezone", "Etc/UTC")...)
		for name, at := range map[string]time.Time{
			"kube_cronjob_created":                     c.created,
			"kube_cronjob_status_last_schedule_time":   c.scheduled,
			"kube_cronjob_status_last_successful_time": c.successful,
		} {
			if !at.IsZero() {
				add(name, float64(at.Unix()), slices.Clip(pairs)...)
			}
		}
	}
	for _, v := range w.volumes {
		if now.Before(v.since) {
			v.free = 50
		}
		const capacity = 5 << 30
		pairs := []string{
			"namespace", v.namespace, "persistentvolumeclaim", v.claim, "job", "kubelet", "service", "kubelet",
			"endpoint", "https-metrics", "metrics_path", "/metrics", "node", "node-1", "instance", v.instance,
		}
		add("kubelet_volume_stats_capacity_bytes", capacity, slices.Clip(pairs)...)
		add("kubelet_volume_stats_available_bytes", capacity*v.free/100, slices.Clip(pairs)...)
	}
	return all
}

// firing returns the alerts that fire at that time: those whose expression has
// had a value for as long as they ask for, at every evaluation, of which there is
// one a minute.
func (w world) firing(t *testing.T, engine *promql.Engine, one rule, now time.Time) (alerts []string) {
	t.Helper()
	wait, err := model.ParseDuration(one.For)
	if err != nil {
		t.Fatal(err)
	}
	for at := now.Add(-time.Duration(wait)); !at.After(now); at = at.Add(time.Minute) {
		found := w.evaluate(t, engine, one, at)
		if at.Equal(now.Add(-time.Duration(wait))) {
			alerts = found
		}
		alerts = slices.DeleteFunc(alerts, func(alert string) bool { return !slices.Contains(found, alert) })
	}
	return alerts
}

// evaluate returns the alerts for which the expression has a value, with all
// their labels.
func (w world) evaluate(t *testing.T, engine *promql.Engine, one rule, at time.Time) (alerts []string) {
	t.Helper()
	all := w.scrape(t, at)
	queryable := &storage.MockQueryable{MockQuerier: &storage.MockQuerier{
		SelectMockFunction: func(_ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
			return &seriesSet{left: slices.DeleteFunc(slices.Clone(all), func(s storage.Series) bool {
				return slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(s.Labels().Get(m.Name)) })
			})}
		},
	}}
	query, err := engine.NewInstantQuery(t.Context(), queryable, nil, one.Expr, at)
	if err != nil {
		t.Fatalf("%s: %v", one.Expr, err)
	}
	defer query.Close()
	result := query.Exec(t.Context())
	vector, err := result.Vector()
	if err != nil || len(result.Warnings) > 0 {
		t.Fatalf("%s: %v %v", one.Expr, err, result.Warnings)
	}
	for _, sample := range vector {
		b := labels.NewBuilder(sample.Metric).Set(labels.AlertName, one.Alert)
		for name, value := range one.Labels {
			b.Set(name, value)
		}
		alerts = append(alerts, b.Labels().String())
	}
	return alerts
}

// seriesSet goes through series one by one.
type seriesSet struct {
	at   storage.Series
	left []storage.Series
}

// Next implements [storage.SeriesSet].
func (s *seriesSet) Next() bool {
	if len(s.left) == 0 {
		return false
	}
	s.at, s.left = s.left[0], s.left[1:]
	return true
}

// At implements [storage.SeriesSet].
func (s *seriesSet) At() storage.Series { return s.at }

// Err implements [storage.SeriesSet].
func (s *seriesSet) Err() error { return nil }

// Warnings implements [storage.SeriesSet].
func (s *seriesSet) Warnings() annotations.Annotations { return nil }

// The alerts, as Alertmanager gets them.
func overdue(name string) string {
	return `{alertname="CronJobOverdue", cronjob="` + name + `", namespace="guestbook", severity="critical"}`
}

func missing(name string) string {
	return `{alertname="CronJobMissing", cronjob="` + name + `", namespace="guestbook", severity="critical"}`
}

const almostFull = `{alertname="VolumeAlmostFull", namespace="guestbook", persistentvolumeclaim="postgres-pvc", severity="critical"}`

// Each alert fires when it should, under labels of its own, and no other does.
func TestAlerts(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	const day = 24 * time.Hour
	rules := readRules(t)
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1000, Timeout: time.Minute})
	fired := map[string]bool{}
	for name, test := range map[string]struct {
		change func(w *world, backup, drill *cronJob, volume *volume)
		want   []string
	}{
		"all is well": {func(*world, *cronJob, *cronJob, *volume) {}, nil},

		"the last success is too old": {func(_ *world, b, _ *cronJob, _ *volume) {
			b.successful = ago(26*time.Hour + 11*time.Minute)
		}, []string{overdue(backup)}},
		"the last success has just become too old": {func(_ *world, b, _ *cronJob, _ *volume) {
			b.successful = ago(26*time.Hour + 9*time.Minute)
		}, nil},
		"Jobs start and fail": {func(_ *world, b, _ *cronJob, _ *volume) {
			b.scheduled, b.successful = ago(time.Hour), ago(3*day)
		}, []string{overdue(backup)}},
		"no Job has ever ended well": {func(_ *world, b, _ *cronJob, _ *volume) {
			b.created, b.successful = ago(27*time.Hour), time.Time{}
		}, []string{overdue(backup)}},
		"no Job has ever started": {func(_ *world, b, _ *cronJob, _ *volume) {
			b.created, b.scheduled, b.successful = ago(27*time.Hour), time.Time{}, time.Time{}
		}, []string{overdue(backup)}},
		"the CronJob is new": {func(_ *world, b, _ *cronJob, _ *volume) {
			b.created, b.scheduled, b.successful = ago(time.Hour), time.Time{}, time.Time{}
		}, nil},
		"the drill has a limit of its own": {func(_ *world, _, d *cronJob, _ *volume) {
			d.successful = ago(7*day + 23*time.Hour)
		}, nil},
		"the drill is too old as well": {func(_ *world, b, d *cronJob, _ *volume) {
			b.successful, d.successful = ago(9*day), ago(9*day)
		}, []string{overdue(backup), overdue(drill)}},

		"the CronJob is deleted": {func(w *world, _, _ *cronJob, _ *volume) {
			w.cronJobs = slices.DeleteFunc(w.cronJobs, func(c cronJob) bool { return c.namespace == namespace && c.name == backup })
		}, []string{missing(backup)}},
		"kube-state-metrics does not answer": {
			func(w *world, _, _ *cronJob, _ *volume) { w.cronJobs = nil },
			[]string{missing(backup), missing(drill)},
		},
		"kube-state-metrics is replaced": {func(w *world, b, _ *cronJob, _ *volume) {
			next := *b
			next.instance = "10.0.0.8:8080"
			w.cronJobs = append(w.cronJobs, next)
		}, nil},
		"kube-state-metrics is replaced, and the last success is too old": {func(w *world, b, _ *cronJob, _ *volume) {
			b.successful = ago(27 * time.Hour)
			next := *b
			next.instance = "10.0.0.8:8080"
			w.cronJobs = append(w.cronJobs, next)
		}, []string{overdue(backup)}},

		"the volume runs full": {func(_ *world, _, _ *cronJob, v *volume) {
			v.free, v.since = 14.9, ago(6*time.Minute)
		}, []string{almostFull}},
		"the volume is full": {func(_ *world, _, _ *cronJob, v *volume) { v.free = 0 }, []string{almostFull}},
		"the volume has been nearly full for a moment": {func(_ *world, _, _ *cronJob, v *volume) {
			v.free, v.since = 14.9, ago(4*time.Minute)
		}, nil},
		"the volume has just enough space": {func(_ *world, _, _ *cronJob, v *volume) { v.free = 15.1 }, nil},
		"the pod moves to another node with its full volume": {func(w *world, _, _ *cronJob, v *volume) {
			v.free = 10
			next := *v
			next.instance = "10.0.0.3:10250"
			w.volumes = append(w.volumes, next)
		}, []string{almostFull}},
		"nothing mounts the volume": {func(w *world, _, _ *cronJob, _ *volume) { w.volumes = nil }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			// Those of another namespace are of no interest: they are overdue, and full.
			w := world{
				cronJobs: []cronJob{
					{namespace, backup, ago(90 * day), ago(9 * time.Hour), ago(9 * time.Hour), "10.0.0.7:8080"},
					{namespace, drill, ago(90 * day), ago(3 * day), ago(3 * day), "10.0.0.7:8080"},
					{namespace, "django-clear", ago(90 * day), ago(day), ago(30 * day), "10.0.0.7:8080"},
					{"staging", backup, ago(90 * day), ago(time.Hour), ago(30 * day), "10.0.0.7:8080"},
				},
				volumes: []volume{
					{namespace, claim, 50, ago(day), "10.0.0.2:10250"},
					{namespace, "media", 1, ago(day), "10.0.0.2:10250"},
					{"staging", claim, 1, ago(day), "10.0.0.2:10250"},
				},
			}
			test.change(&w, &w.cronJobs[0], &w.cronJobs[1], &w.volumes[0])
			var got []string
			for _, one := range rules {
				found := w.firing(t, engine, one, now)
				fired[one.Expr] = fired[one.Expr] || len(found) > 0
				got = append(got, found...)
			}
			slices.Sort(got)
			slices.Sort(test.want)
			if !slices.Equal(got, test.want) {
				t.Errorf("firing\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
	for _, one := range rules {
		if !fired[one.Expr] {
			t.Errorf("%s never fires: %s", one.Alert, one.Expr)
		}
	}
}
