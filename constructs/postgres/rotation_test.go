package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/manifest"
)

// rotation adds a server and the rotation of its login.
func rotation(chart cdk8s.Chart, props postgres.RotationProps) {
	if props.Database == nil {
		props.Database = postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: credentials(chart)})
	}
	postgres.NewRotation(chart, "rotation", props)
}

// loginReader adds a Deployment whose pods have the Secret called name.
func loginReader(chart cdk8s.Chart, name, of string, strategy appsv1.DeploymentStrategyType) {
	object.New(chart, name, name, func() *appsv1.Deployment {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: name}}
		d.Spec.Strategy.Type = strategy
		d.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
		d.Spec.Template.Labels = map[string]string{"app": name}
		needs := corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("50m"), corev1.ResourceMemory: resource.MustParse("64Mi"),
		}
		resources := corev1.ResourceRequirements{Requests: needs, Limits: needs}
		d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main", Image: "shop:1", Resources: resources, Env: []corev1.EnvVar{{
			Name: "PGUSER", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
				Key: secret.UserKey, LocalObjectReference: corev1.LocalObjectReference{Name: of},
			}},
		}}}}
		return d
	})
}

var fullRotation = postgres.RotationProps{
	Image:                 "registry.example.com/shop:1",
	Schedule:              "30 4 1 * *",
	TimeZone:              "Europe/Vienna",
	ActiveDeadlineSeconds: 7200,
	Resources:             pod.Resources{Limits: pod.Quantities{CPU: "1", Memory: "512Mi"}},
	ImagePullSecrets:      []string{"registry"},
	RunAsUser:             2000,
	Pod:                   pod.Template{NodeSelector: map[string]string{"pool": "spot"}},
}

func TestRotation(t *testing.T) {
	for name, props := range map[string]postgres.RotationProps{
		"minimal": {Image: "shop:1"},
		"full":    fullRotation,
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "rotation/"+name, func(chart cdk8s.Chart) {
				rotation(chart, props)
				loginReader(chart, "django", "postgres-login", appsv1.RollingUpdateDeploymentStrategyType)
			})
		})
	}
}

func TestEveryFieldOfRotationReachesTheManifest(t *testing.T) {
	other := fullRotation
	other.Database = postgres.NewDatabase(cdk8s.NewChart(cdk8s.NewApp(nil), new("aside"), nil), "database",
		postgres.DatabaseProps{Name: "orders"})
	minimal := postgres.RotationProps{Image: "shop:1", Schedule: "@daily"}
	cdktest.EveryField(t, minimal, other, func(chart cdk8s.Chart, props postgres.RotationProps) {
		if props.Database != nil {
			props.Database = postgres.NewDatabase(chart, "orders", postgres.DatabaseProps{
				Name: props.Database.Name(), Secret: credentials(chart),
			})
		}
		rotation(chart, props)
	})
}

// A run may restart what reads the login, wherever in the app that is made, and
// nothing else; what keeps no old pod comes last.
func TestRotationRestartsWhatReadsTheLogin(t *testing.T) {
	text := cdktest.Render(t, func(chart cdk8s.Chart) {
		loginReader(chart, "beat", "postgres-login", appsv1.RecreateDeploymentStrategyType)
		rotation(chart, postgres.RotationProps{Image: "shop:1"})
		loginReader(chart, "web", "postgres-login", appsv1.RollingUpdateDeploymentStrategyType)
		loginReader(chart, "other", "django-env-secret", appsv1.RollingUpdateDeploymentStrategyType)
	})
	objects, err := manifest.Parse("rendered", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var role *rbacv1.Role
	for _, o := range objects {
		switch content := o.Content.(type) {
		case *rbacv1.Role:
			role = content
		case *batchv1.CronJob:
			command := content.Spec.JobTemplate.Spec.Template.Spec.Containers[0].Command
			if got := command[len(command)-2:]; !slices.Equal(got, []string{"web", "beat"}) {
				t.Errorf("restarts %q", got)
			}
			if !*content.Spec.Suspend {
				t.Error("it runs by itself without a Schedule")
			}
		}
	}
	var may []string
	for _, rule := range role.Rules {
		for _, resource := range rule.Resources {
			if len(rule.ResourceNames) == 0 && !slices.Equal(rule.Verbs, []string{"list"}) && resource != "jobs" {
				t.Errorf("may %q any of %s", rule.Verbs, resource)
			}
			if resource == "deployments" {
				may = rule.ResourceNames
			}
		}
	}
	if !slices.Equal(may, []string{"beat", "web"}) {
		t.Errorf("may restart %q", may)
	}
}

// wrongRotation are one mistake each, with the one line that it must give.
var wrongRotation = map[string]struct {
	props postgres.RotationProps
	line  string
}{
	"no image":    {postgres.RotationProps{}, `test/rotation: Image: "": is required: the container image`},
	"wrong image": {postgres.RotationProps{Image: "Shop:1"}, `test/rotation: Image: "Shop:1": must be an image reference`},
	"schedule": {
		postgres.RotationProps{Image: "shop:1", Schedule: "daily"},
		`test/rotation: Schedule: "daily": must be the five fields of cron`,
	},
	"never due": {
		postgres.RotationProps{Image: "shop:1", Schedule: "0 0 30 2 *"},
		`test/rotation: Schedule: "0 0 30 2 *": never runs: no date matches these fields`,
	},
	"time zone": {
		postgres.RotationProps{Image: "shop:1", Schedule: "@daily", TimeZone: "Vienna"},
		`test/rotation: TimeZone: "Vienna": must be the name of a time zone`,
	},
	"time zone without a schedule": {
		postgres.RotationProps{Image: "shop:1", TimeZone: "Europe/Vienna"},
		`test/rotation: TimeZone: "Europe/Vienna": has no effect without Schedule`,
	},
	"deadline": {
		postgres.RotationProps{Image: "shop:1", ActiveDeadlineSeconds: -1},
		`test/rotation: ActiveDeadlineSeconds: -1: must be between 1 and`,
	},
	"memory": {
		postgres.RotationProps{Image: "shop:1", Resources: pod.Resources{Limits: pod.Quantities{Memory: "much"}}},
		`test/rotation: Resources.Limits.Memory: "much": must be a positive Kubernetes quantity`,
	},
	"pull secret": {
		postgres.RotationProps{Image: "shop:1", ImagePullSecrets: []string{"My Registry"}},
		`test/rotation: ImagePullSecrets[0]: "My Registry": must be 1 to 253`,
	},
	"root": {postgres.RotationProps{Image: "shop:1", RunAsUser: -1}, `test/rotation: RunAsUser: -1: must be between 1 and`},
	"container of that name": {
		postgres.RotationProps{Image: "shop:1", Pod: pod.Template{Containers: []corev1.Container{{Name: "rotate", Image: "a:1"}}}},
		`test/rotation: Pod.Containers[0].Name: "rotate": must be another`,
	},
	"tmp": {
		postgres.RotationProps{Image: "shop:1", Pod: pod.Template{TmpSize: "1Gi"}},
		`test/rotation: Pod.TmpSize: "1Gi": must not be given: the Jobs have no /tmp`,
	},
	"tmp of no size": {
		postgres.RotationProps{Image: "shop:1", Pod: pod.Template{TmpSize: "much"}},
		`test/rotation: Pod.TmpSize: "much": must be`,
	},
	"variable of that name": {
		postgres.RotationProps{Image: "shop:1", Pod: pod.Template{
			EnvKeys: map[string]pod.EnvKey{"PGUSER": {Secret: "django-env-secret", Key: "POSTGRES_USER"}},
		}},
		`test/rotation: Pod.EnvKeys[PGUSER]: "...": must be another variable: the construct sets this one`,
	},
	"database of nobody": {
		postgres.RotationProps{Image: "shop:1", Database: &postgres.Database{}},
		`test/rotation: Database: "": must be made by postgres.NewDatabase`,
	},
}

func TestWrongRotation(t *testing.T) {
	for name, tc := range wrongRotation {
		t.Run(name, func(t *testing.T) {
			got := cdktest.Problems(t, func(chart cdk8s.Chart) { rotation(chart, tc.props) })
			if len(got) != 1 || !strings.HasPrefix(got[0], tc.line) {
				t.Errorf("problems\n%s\nwant the one line\n%s", strings.Join(got, "\n"), tc.line)
			}
		})
	}
}

func TestRotationNeedsADatabaseWithinReach(t *testing.T) {
	for name, tc := range map[string]struct {
		build cdktest.Build
		line  string
	}{
		"none": {
			func(chart cdk8s.Chart) {
				postgres.NewRotation(chart, "rotation", postgres.RotationProps{Image: "shop:1"})
			},
			`test/rotation: Database: "": is required: the server whose clients get a login of their own`,
		},
		"long name": {
			func(chart cdk8s.Chart) {
				db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{
					Name: strings.Repeat("d", 44), Secret: credentials(chart),
				})
				rotation(chart, postgres.RotationProps{Image: "shop:1", Database: db})
			},
			`must have a name of at most 43 characters, because the CronJob's is made of it`,
		},
		"another namespace": {
			func(chart cdk8s.Chart) {
				elsewhere := cdk8s.NewChart(chart, new("elsewhere"), &cdk8s.ChartProps{Namespace: new("elsewhere")})
				db := postgres.NewDatabase(elsewhere, "database", postgres.DatabaseProps{Secret: credentials(elsewhere)})
				rotation(chart, postgres.RotationProps{Image: "shop:1", Database: db})
			},
			`test/rotation: Database: "postgres": is in namespace "elsewhere", and the Rotation in "test": both must be in one namespace`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := cdktest.Problems(t, tc.build)
			if len(got) != 1 || !strings.Contains(got[0], tc.line) {
				t.Errorf("problems\n%s\nwant the one line\n%s", strings.Join(got, "\n"), tc.line)
			}
		})
	}
}

func TestNilRotationIsNoServer(t *testing.T) {
	var r *postgres.Rotation
	if got := r.Connection(); got.Host != "" || r.Database() != nil {
		t.Errorf("a rotation that was never made leads to %q", got.Host)
	}
}

func ExampleNewRotation() {
	app := cdk8s.NewApp(nil)
	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
	})
	login := postgres.NewRotation(chart, "rotation", postgres.RotationProps{
		Database: postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env}),
		Image:    "example/shop:1.2.3",
		Schedule: "30 4 1 * *",
	})
	connection := login.Connection()
	fmt.Println(connection.Host, connection.Secret.Name(), *login.CronJob().Content().Spec.Suspend)
	// Output: postgres.shop.svc postgres-login false
}
