package postgres_test

import (
	"maps"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/postgres"
)

func TestMetrics(t *testing.T) {
	for image, want := range map[string]struct {
		port int
		path string
	}{"": {0, ""}, exporter: {9187, "/metrics"}} {
		cdktest.Render(t, func(chart cdk8s.Chart) {
			db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{
				Name: "orders", Secret: credentials(chart), Exporter: postgres.Exporter{Image: image},
			})
			if port, path := db.Metrics(); port != want.port || path != want.path {
				t.Errorf("exporter %q: Metrics() = %d, %q", image, port, path)
			}
			got := db.Flows()
			if len(got) != 1 || got[0].Name != "orders" || !maps.Equal(got[0].Pods, map[string]string{"app": "orders"}) ||
				got[0].Metrics != want.port || got[0].HTTP != 0 || got[0].To != nil {
				t.Errorf("exporter %q: Flows() = %+v", image, got)
			}
		})
	}
}

func TestEveryFieldOfExporterReachesTheManifest(t *testing.T) {
	other := full.Exporter
	other.Image = "exporter:2"
	cdktest.EveryField(t, postgres.Exporter{Image: exporter}, other, func(chart cdk8s.Chart, x postgres.Exporter) {
		database(chart, postgres.DatabaseProps{Exporter: x})
	})
}
