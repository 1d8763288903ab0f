package monitoring

import (
	"cmp"
	"fmt"
	"maps"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/object"
	prometheus "example.com/django-cdk8s/imports/djangocdk8s_monitoringcoreoscom"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [PrometheusRuleProps].
const (
	// DefaultRuleName is the name of a PrometheusRule.
	DefaultRuleName = "data"

	// DefaultMaxAgeHours is the time in which a CronJob must succeed: a day,
	// and two hours for a late start and the run.
	DefaultMaxAgeHours = 26

	// DefaultFreePercent is the share of a volume that must be free.
	DefaultFreePercent = 15
)

// PrometheusRuleProps configures [NewPrometheusRule]. At least one of CronJobs
// and Claims is required; the zero value of every other field means its default.
type PrometheusRuleProps struct {
	// Name is the name of the PrometheusRule and of its group.
	//
	// Default: [DefaultRuleName].
	Name string

	// CronJobs are those that must succeed regularly, such as a
	// *postgres.Backup. The metrics are those of kube-state-metrics.
	//
	// Default: none.
	CronJobs []CronJob

	// Claims are those whose volumes must not run full, such as that of a
	// *postgres.Database. The metrics are those of the kubelet.
	//
	// Default: none.
	Claims []Claim

	// Labels are further labels. The ruleSelector of kube-prometheus-stack
	// selects release: RELEASE.
	//
	// Default: none.
	Labels map[string]string
}

// Scheduled is a construct with a CronJob, such as a *django.ScheduledCommand.
type Scheduled interface {
	// CronJob returns the CronJob.
	CronJob() *object.Object[*batchv1.CronJob]
}

// Stored is a construct with a claim, such as a *postgres.Database or a
// *django.MediaClaim.
type Stored interface {
	// Claim returns the PersistentVolumeClaim.
	Claim() *object.Object[*corev1.PersistentVolumeClaim]
}

// CronJob is a CronJob that is watched: its last success must not be too old.
type CronJob struct {
	// Target is the construct with the CronJob.
	//
	// Required.
	Target Scheduled

	// MaxAgeHours is the age of the last success, or of a CronJob that has had
	// none, above which the alert fires. It must be above the time between two
	// runs.
	//
	// Default: [DefaultMaxAgeHours].
	MaxAgeHours int
}

// Claim is a claim that is watched: its volume must not run full.
type Claim struct {
	// Target is the construct with the claim.
	//
	// Required.
	Target Stored

	// FreePercent is the free share of the volume, in percent, below which the
	// alert fires.
	//
	// Default: [DefaultFreePercent].
	FreePercent int
}

// Validate reports every invalid field.
func (p PrometheusRuleProps) Validate() field.ErrorList {
	_, problems := p.resolve()
	return problems
}

// resolve fills in the defaults and reports every invalid field.
func (p PrometheusRuleProps) resolve() (PrometheusRuleProps, field.ErrorList) {
	const year = 366 * 24
	var e rule.Errors
	p.Name = cmp.Or(p.Name, DefaultRuleName)
	e.Name("Name", p.Name)
	e.Labels("Labels", p.Labels)
	if len(p.CronJobs)+len(p.Claims) == 0 {
		e.Add("CronJobs", "", "is required, or Claims: there is nothing to watch")
	}
	for i := range p.CronJobs {
		c := &p.CronJobs[i]
		c.MaxAgeHours = cmp.Or(c.MaxAgeHours, DefaultMaxAgeHours)
		at := rule.Item("CronJobs", i)
		if construct.IsNil(c.Target) || c.Target.CronJob() == nil {
			e.Add(at+".Target", "", "is required: a construct with a CronJob, such as a *postgres.Backup")
		}
		e.Range(at+".MaxAgeHours", c.MaxAgeHours, 1, year)
	}
	for i := range p.Claims {
		c := &p.Claims[i]
		c.FreePercent = cmp.Or(c.FreePercent, DefaultFreePercent)
		at := rule.Item("Claims", i)
		if construct.IsNil(c.Target) || c.Target.Claim() == nil {
			e.Add(at+".Target", "", "is required: a construct with a claim, such as a *postgres.Database")
		}
		e.Range(at+".FreePercent", c.FreePercent, 1, 99)
	}
	return p, e.Err()
}

// PrometheusRule holds alerts for the Prometheus Operator. For each CronJob:
// CronJobOverdue, its last success is too old, and CronJobMissing,
// kube-state-metrics does not list it. For each claim: VolumeAlmostFull.
type PrometheusRule struct {
	constructs.Construct

	node   *construct.Node
	props  PrometheusRuleProps
	object prometheus.PrometheusRule
}

// NewPrometheusRule adds a [PrometheusRule] called id to scope. Invalid props
// fail synthesis with the construct's path.
func NewPrometheusRule(scope constructs.Construct, id string, props PrometheusRuleProps) *PrometheusRule {
	props = clone.Of(props)
	r := &PrometheusRule{}
	r.node = construct.Init(r, scope, id)
	resolved, problems := props.resolve()
	r.node.Report(problems)

	r.props = resolved
	if len(problems) == 0 {
		r.object = newPrometheusRule(r)
	}
	return r
}

// Name returns the PrometheusRule's name.
func (r *PrometheusRule) Name() string {
	if r == nil {
		return ""
	}
	return r.props.Name
}

// Object returns the PrometheusRule object, or nil when props are invalid.
func (r *PrometheusRule) Object() prometheus.PrometheusRule {
	if r == nil {
		return nil
	}
	return r.object
}

func newPrometheusRule(r *PrometheusRule) prometheus.PrometheusRule {
	l := labels.Object(r.props.Name, labels.Monitoring, r.node.PartOf())
	maps.Copy(l, r.props.Labels)
	var rules []alert
	for _, c := range r.props.CronJobs {
		rules = append(rules, c.alerts()...)
	}
	for _, c := range r.props.Claims {
		rules = append(rules, c.alert())
	}
	var rendered []prometheus.PrometheusRuleSpecGroupsRules
	for _, one := range rules {
		rendered = append(rendered, one.render())
	}
	return prometheus.NewPrometheusRule(r, new("PrometheusRule"), &prometheus.PrometheusRuleProps{
		Metadata: &cdk8s.ApiObjectMetadata{Name: &r.props.Name, Labels: bind.Map(l)},
		Spec: &prometheus.PrometheusRuleSpec{Groups: bind.List(prometheus.PrometheusRuleSpecGroups{
			Name: &r.props.Name, Rules: bind.List(rendered...),
		})},
	})
}

// alert is one alert: it fires when expr has had a value for some time. The value
// has the labels of the object: two alerts with the same labels are one to
// Alertmanager, which sends an alert to the receivers of its namespace by that
// label.
type alert struct {
	name, expr, wait  string
	severity, summary string
}

func (a alert) render() prometheus.PrometheusRuleSpecGroupsRules {
	return prometheus.PrometheusRuleSpecGroupsRules{
		Alert:       &a.name,
		Expr:        prometheus.PrometheusRuleSpecGroupsRulesExpr_FromString(&a.expr),
		For:         &a.wait,
		Labels:      bind.Map(map[string]string{"severity": a.severity}),
		Annotations: bind.Map(map[string]string{"summary": a.summary}),
	}
}

// alerts fire when the last success is too old. They do not ask for failures: a
// CronJob that never runs has none.
func (c CronJob) alerts() []alert {
	name, namespace := object.NameOf(c.Target.CronJob()), construct.NamespaceOf(c.Target)
	selector := matching(namespace, "cronjob", name)
	what := qualified(namespace, name)
	return []alert{{
		name: "CronJobOverdue", wait: "10m", severity: "critical",
		// A CronJob without a success counts from its creation.
		expr: fmt.Sprintf("time() - max by (namespace, cronjob) "+
			"(kube_cronjob_status_last_successful_time%s or kube_cronjob_created%s) > %d",
			selector, selector, c.MaxAgeHours*60*60),
		summary: fmt.Sprintf("CronJob %s has not succeeded for %d hours", what, c.MaxAgeHours),
	}, {
		name: "CronJobMissing", wait: "10m", severity: "critical",
		expr:    fmt.Sprintf("absent(kube_cronjob_info%s)", selector),
		summary: fmt.Sprintf("CronJob %s does not exist, or kube-state-metrics does not answer", what),
	}}
}

func (c Claim) alert() alert {
	name, namespace := object.NameOf(c.Target.Claim()), construct.NamespaceOf(c.Target)
	selector := matching(namespace, "persistentvolumeclaim", name)
	return alert{
		name: "VolumeAlmostFull", wait: "5m", severity: "critical",
		expr: fmt.Sprintf("min by (namespace, persistentvolumeclaim) "+
			"(kubelet_volume_stats_available_bytes%s / kubelet_volume_stats_capacity_bytes%s) * 100 < %d",
			selector, selector, c.FreePercent),
		summary: fmt.Sprintf("less than %d %% of the volume of claim %s is free", c.FreePercent, qualified(namespace, name)),
	}
}

// matching selects the series of one object. A chart without a namespace is
// applied to any.
func matching(namespace, label, name string) string {
	if namespace == "" {
		return fmt.Sprintf("{%s=%q}", label, name)
	}
	return fmt.Sprintf("{namespace=%q, %s=%q}", namespace, label, name)
}

func qualified(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}
