package stack_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/constructs/stack"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

var full = stack.Props{
	Namespace: namespace.Props{Name: "shop", Labels: map[string]string{"team": "shop"}},
	Secret: secret.Props{
		Name:   "shop-env",
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	},
	Database: postgres.DatabaseProps{Name: "orders", Image: "postgres:17-bookworm", Storage: "20Gi"},
	Restore:  postgres.RestoreProps{Store: postgres.Store{Claim: "backups", External: true}},
	Web: django.WebProps{Project: django.Project{
		Name: "shop", Image: "example/shop:2", Hosts: []string{"shop.example.com"}, HTTPS: true, WaitForMigrations: true,
	}},
}

func TestStack(t *testing.T) {
	for name, props := range map[string]stack.Props{
		"minimal":  {Web: django.WebProps{Project: django.Project{Image: "example/shop:1"}}},
		"full":     full,
		"migrated": {Web: django.WebProps{Project: django.Project{Image: "example/shop:1", WaitForMigrations: true}}},
		"jobs are scheduled like the web": {Web: django.WebProps{
			Project: django.Project{Image: "example/shop:1", WaitForMigrations: true},
			Pod: pod.Template{
				NodeSelector:    map[string]string{"pool": "shop"},
				Tolerations:     []corev1.Toleration{{Key: "pool", Value: "shop", Effect: corev1.TaintEffectNoSchedule}},
				ImagePullPolicy: corev1.PullNever,
			},
		}},
		"values of the web reach the generator": {Web: django.WebProps{
			Project: django.Project{
				Image:            "registry.example.com/shop:1",
				RunAsUser:        10001,
				ImagePullSecrets: []string{"registry"},
			},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			cdktest.Golden(t, "stack/"+name, func(chart cdk8s.Chart) { stack.New(chart, "stack", props) })
		})
	}
}

// The PostgreSQL of the stack makes way for another one.
func TestStackOnAnotherDatabase(t *testing.T) {
	cdktest.Golden(t, "stack/database elsewhere", func(chart cdk8s.Chart) {
		env := secret.New(chart, "env", secret.Props{
			Name: "managed", Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
		})
		s := stack.New(chart, "stack", stack.Props{
			Namespace: namespace.Props{Name: cdktest.Namespace},
			Web: django.WebProps{Project: django.Project{
				Image: "example/shop:1", Secret: env, WaitForMigrations: true,
				Database: postgres.Connection{Host: "db.example.com", Secret: env},
			}},
		})
		if s.Database() != nil || s.Credentials() != env || s.Migration() == nil {
			t.Errorf("the stack has PostgreSQL %v, credentials %v, a migration %v", s.Database(), s.Credentials(), s.Migration())
		}
	})
}

func TestEveryFieldReachesTheManifest(t *testing.T) {
	minimal := stack.Props{Web: django.WebProps{Project: django.Project{Image: "example/shop:1", WaitForMigrations: true}}}
	cdktest.EveryField(t, minimal, full, func(chart cdk8s.Chart, props stack.Props) { stack.New(chart, "stack", props) })
}

func TestTwoStacksInOneApp(t *testing.T) {
	build := func(second string) []string {
		return cdktest.ProblemsApp(t, func(app cdk8s.App) {
			props := stack.Props{Web: django.WebProps{Project: django.Project{Image: "example/shop:1"}}}
			stack.New(app, "one", props)
			props.Namespace.Name = second
			stack.New(app, "two", props)
		})
	}
	if problems := build("second"); problems != nil {
		t.Errorf("in two namespaces: %v", problems)
	}
	const want = `two/web/Deployment: metadata.name: "django": Deployment django-app/django is also made by one/web/Deployment; give one of them another name (unique)`
	if problems := build(""); !slices.Contains(problems, want) {
		t.Errorf("in one namespace: %v, want %q among them", problems, want)
	}
}

func ExampleNew() {
	app := cdk8s.NewApp(nil)
	shop := stack.New(app, "shop", stack.Props{
		Namespace: namespace.Props{Name: "shop"},
		Web:       django.WebProps{Project: django.Project{Image: "example/shop:1.2.3", Hosts: []string{"shop.example.com"}, HTTPS: true}},
	})
	for _, object := range *cdk8s.Testing_Synth(shop) {
		fmt.Println(object.(map[string]any)["kind"])
	}
	// Output:
	// Namespace
	// Secret
	// ServiceAccount
	// Role
	// RoleBinding
	// Job
	// PersistentVolumeClaim
	// Deployment
	// Service
	// Deployment
	// Service
}

// A restore that the stack cannot do is one line.
func TestWrongRestores(t *testing.T) {
	restore := postgres.RestoreProps{Store: postgres.Store{Claim: "backups", External: true}}
	project := django.Project{Image: "example/shop:1", WaitForMigrations: true}
	for line, props := range map[string]stack.Props{
		"test/stack: Restore: \"...\": needs Web.Project.WaitForMigrations": {
			Restore: restore, Web: django.WebProps{Project: django.Project{Image: "example/shop:1"}},
		},
		"test/stack: Restore.Database: \"...\": must not be given": {
			Restore: postgres.RestoreProps{Database: postgres.Connection{Host: "db"}, Store: restore.Store},
			Web:     django.WebProps{Project: project},
		},
		"test/stack/restore: Store.Claim: \"Backups\": must be": {
			Restore: postgres.RestoreProps{Store: postgres.Store{Claim: "Backups", External: true}},
			Web:     django.WebProps{Project: project},
		},
	} {
		got := cdktest.Problems(t, func(chart cdk8s.Chart) { stack.New(chart, "stack", props) })
		if len(got) != 1 || !strings.HasPrefix(got[0], line) {
			t.Errorf("problems:\n%s\nwant one line with\n%s", strings.Join(got, "\n"), line)
		}
	}
}
