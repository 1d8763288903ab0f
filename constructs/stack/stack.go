// Package stack holds the reference system as one chart: a namespace, its
// credentials, PostgreSQL, and Django on top of it. A system with more parts,
// such as workers, composes the constructs itself; see examples/production.
package stack

import (
	"cmp"
	"reflect"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/rule"
)

// Props configures [New]. Only the image of the Django project,
// Web.Project.Image, is required.
type Props struct {
	// Namespace configures the namespace of everything else.
	//
	// Default: each field's own.
	Namespace namespace.Props

	// Secret configures the credentials.
	//
	// Default: a [secret.Generated] that runs the image of the project.
	Secret secret.Props

	// Database configures PostgreSQL.
	//
	// Default: each field's own; Secret is that of the stack.
	Database postgres.DatabaseProps

	// Restore fills the new, empty PostgreSQL of the stack from a backup, before
	// the migration runs. It needs Web.Project.WaitForMigrations; Database is that
	// of the stack.
	//
	// Default: none.
	Restore postgres.RestoreProps

	// Web configures the site, and Web.Project the Django project. With
	// WaitForMigrations, the stack adds the [django.Migration] that the pods
	// wait for. Its pods, and those of the Job that generates the credentials,
	// are scheduled as Web.Pod says; see [pod.Template.Scheduling].
	//
	// Default: the project's Secret is that of the stack, and its Database the
	// PostgreSQL of the stack, which is left out where another is named.
	Web django.WebProps
}

// Validate reports settings of a Secret or a PostgreSQL that the stack does not
// make. The constructs in it report everything else.
func (p Props) Validate() field.ErrorList {
	var e rule.Errors
	if p.Web.Project.Database != nil && !reflect.ValueOf(p.Database).IsZero() {
		e.Add("Database", "...", "has no effect: Web.Project.Database names another server")
	}
	switch restores := p.restores(); {
	case restores && p.Web.Project.Database != nil:
		e.Add("Restore", "...", "has no effect: Web.Project.Database names another server")
	case restores && !p.Web.Project.WaitForMigrations:
		e.Add("Restore", "...", "needs Web.Project.WaitForMigrations, or the site serves an empty database")
	case restores && p.Restore.Database != nil:
		e.Add("Restore.Database", "...", "must not be given: it is that of the stack")
	}
	if p.Web.Project.Secret != nil && p.Secret != (secret.Props{}) {
		e.Add("Secret", "...", "has no effect: Web.Project.Secret names another Secret")
	}
	return e.Err()
}

func (p Props) restores() bool { return !reflect.ValueOf(p.Restore).IsZero() }

func (p Props) withDefaults() Props {
	p.Namespace.Name = cmp.Or(p.Namespace.Name, namespace.DefaultName)
	if project := p.Web.Project; p.Secret.Source == nil {
		p.Secret.Source = secret.Generated(secret.GeneratedProps{
			Image: project.Image, RunAsUser: project.RunAsUser, ImagePullSecrets: project.ImagePullSecrets,
			Pod: p.Web.Pod.Scheduling(),
		})
	}
	return p
}

// Stack is a chart of the whole system.
type Stack struct {
	cdk8s.Chart

	credentials *secret.Secret
	database    *postgres.Database
	web         *django.Web
	migration   *django.Migration
	restore     *postgres.Restore
}

// New adds a [Stack] called id to scope, which is usually the app; id also
// names the manifest file. Invalid props fail synthesis with the path of the
// construct that they configure.
func New(scope constructs.Construct, id string, props Props) *Stack {
	s := &Stack{}
	problems := props.Validate()
	generated := props.Secret.Source == nil
	props = props.withDefaults()
	construct.InitChart(s, scope, id, props.Namespace.Name).Report(problems)

	namespace.New(s, "namespace", props.Namespace)
	project := &props.Web.Project
	s.credentials = project.Secret
	if s.credentials == nil {
		s.credentials = secret.New(s, "secret", props.Secret)
		if generated {
			construct.Of(s.credentials).Derived()
		}
	}
	if project.Database == nil {
		if props.Database.Secret == nil {
			props.Database.Secret = s.credentials
		}
		s.database = postgres.NewDatabase(s, "database", props.Database)
		project.Database = s.database
	}
	project.Secret = s.credentials
	if s.database != nil && project.WaitForMigrations && props.restores() {
		props.Restore.Database = s.database
		s.restore = postgres.NewRestore(s, "restore", props.Restore)
	}
	s.web = django.NewWeb(s, "web", props.Web)
	if project.WaitForMigrations {
		s.migration = django.NewMigration(s, "migration", django.MigrationProps{
			Project: *project, Resources: props.Web.Resources, Pod: props.Web.Pod.Scheduling(), Restore: s.restore,
		})
		construct.Of(s.migration).Derived()
	}
	return s
}

// Credentials returns the Secret of the project.
func (s *Stack) Credentials() *secret.Secret { return s.credentials }

// Database returns the PostgreSQL server, or nil where the project names
// another.
func (s *Stack) Database() *postgres.Database { return s.database }

// Web returns the Django server.
func (s *Stack) Web() *django.Web { return s.web }

// Migration returns the migration of the database, or nil without
// WaitForMigrations.
func (s *Stack) Migration() *django.Migration { return s.migration }

// Restore returns the restore of the database, or nil where none is asked for.
func (s *Stack) Restore() *postgres.Restore { return s.restore }
