package monitoring_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/monitoring"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
)

// media is a claim, and command a CronJob.
func media(chart cdk8s.Chart) *django.MediaClaim {
	return django.NewMediaClaim(chart, "media", django.MediaClaimProps{Name: "media"})
}

func command(chart cdk8s.Chart, name string) *django.ScheduledCommand {
	env := secret.New(chart, name+"-secret", secret.Props{Name: name, Source: secret.Existing(
		secret.DjangoSecretKey, secret.DatabaseKey, secret.UserKey, secret.PasswordKey,
	)})
	return django.NewScheduledCommand(chart, name, django.ScheduledCommandProps{
		Project: django.Project{
			Image: "example/shop:1", Secret: env, Database: postgres.Connection{Host: "db.example.com", Secret: env},
		},
		NameSuffix: name, Schedule: "@daily", Args: []string{name},
	})
}

func TestPrometheusRule(t *testing.T) {
	for name, build := range map[string]func(chart cdk8s.Chart) monitoring.PrometheusRuleProps{
		"minimal": func(chart cdk8s.Chart) monitoring.PrometheusRuleProps {
			return monitoring.PrometheusRuleProps{Claims: []monitoring.Claim{{Target: media(chart)}}}
		},
		"full": func(chart cdk8s.Chart) monitoring.PrometheusRuleProps {
			return monitoring.PrometheusRuleProps{
				Name:     "shop",
				CronJobs: []monitoring.CronJob{{Target: command(chart, "clear")}, {Target: command(chart, "drill"), MaxAgeHours: 192}},
				Claims:   []monitoring.Claim{{Target: media(chart), FreePercent: 30}},
				Labels:   map[string]string{"release": "prometheus"},
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "prometheusrule/"+name, func(chart cdk8s.Chart) {
				monitoring.NewPrometheusRule(chart, "rule", build(chart))
			})
		})
	}
}

// nothing has neither a CronJob nor a claim.
type nothing struct{ constructs.Construct }

func (nothing) CronJob() *object.Object[*batchv1.CronJob]            { return nil }
func (nothing) Claim() *object.Object[*corev1.PersistentVolumeClaim] { return nil }

func TestWrongRules(t *testing.T) {
	one := func(change func(chart cdk8s.Chart, p *monitoring.PrometheusRuleProps)) cdktest.Build {
		return func(chart cdk8s.Chart) {
			p := monitoring.PrometheusRuleProps{Claims: []monitoring.Claim{{Target: media(chart)}}}
			change(chart, &p)
			monitoring.NewPrometheusRule(chart, "rule", p)
		}
	}
	type props = monitoring.PrometheusRuleProps
	for line, build := range map[string]cdktest.Build{
		`CronJobs: "": is required, or Claims`: one(func(_ cdk8s.Chart, p *props) { p.Claims = nil }),
		`Name: "Data": must be`:                one(func(_ cdk8s.Chart, p *props) { p.Name = "Data" }),
		`Labels[a b]: "c": has a key`:          one(func(_ cdk8s.Chart, p *props) { p.Labels = map[string]string{"a b": "c"} }),
		`Claims[0].Target: "": is required: a construct with a claim`: one(func(_ cdk8s.Chart, p *props) {
			p.Claims[0].Target = nil
		}),
		`Claims[0].Target: "": is required`: one(func(_ cdk8s.Chart, p *props) { p.Claims[0].Target = nothing{} }),
		`Claims[0].Target: "": is required: a construct`: one(func(_ cdk8s.Chart, p *props) {
			p.Claims[0].Target = (*django.MediaClaim)(nil)
		}),
		`Claims[0].FreePercent: -1: must be between 1 and 99`: one(func(_ cdk8s.Chart, p *props) {
			p.Claims[0].FreePercent = -1
		}),
		`Claims[0].FreePercent: 100: must be between 1 and 99`: one(func(_ cdk8s.Chart, p *props) {
			p.Claims[0].FreePercent = 100
		}),
		`CronJobs[0].Target: "": is required: a construct with a CronJob`: one(func(_ cdk8s.Chart, p *props) {
			p.CronJobs = []monitoring.CronJob{{}}
		}),
		`CronJobs[0].Target: "": is required`: one(func(_ cdk8s.Chart, p *props) {
			p.CronJobs = []monitoring.CronJob{{Target: nothing{}}}
		}),
		`CronJobs[0].Target: "": is required: a construct`: one(func(_ cdk8s.Chart, p *props) {
			p.CronJobs = []monitoring.CronJob{{Target: &django.ScheduledCommand{}}}
		}),
		`CronJobs[0].MaxAgeHours: -5: must be between 1 and 8784`: one(func(chart cdk8s.Chart, p *props) {
			p.CronJobs = []monitoring.CronJob{{Target: command(chart, "clear"), MaxAgeHours: -5}}
		}),
	} {
		t.Run(line, func(t *testing.T) {
			got := cdktest.Problems(t, build)
			if len(got) != 1 || !strings.HasPrefix(got[0], "test/rule: "+line) {
				t.Errorf("problems:\n%s\nwant one line with\n%s", strings.Join(got, "\n"), line)
			}
		})
	}
}

func ExampleNewPrometheusRule() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	alerts := monitoring.NewPrometheusRule(chart, "alerts", monitoring.PrometheusRuleProps{
		CronJobs: []monitoring.CronJob{{Target: command(chart, "clear")}},
		Claims:   []monitoring.Claim{{Target: media(chart), FreePercent: 20}},
	})
	fmt.Println(alerts.Name())
	// Output: data
}
