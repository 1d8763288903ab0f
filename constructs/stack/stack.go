// Package stack holds the reference system as one chart: a namespace, its
// credentials, PostgreSQL, and Django on top of it. A system with more parts,
// such as workers, composes the constructs itself; see examples/production.
package stack

import (
	"cmp"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/namespace"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
	"example.com/django-cdk8s/internal/bind"
	"example.com/django-cdk8s/internal/rule"
)

// Props configures [New]. Only the image of the Django project, Web.Image, is
// required.
type Props struct {
	// Namespace configures the namespace that holds everything else.
	//
	// Default: each field's own.
	Namespace namespace.Props

	// Secret configures the credentials.
	//
	// Default: a [secret.Generated] that runs Web.Image.
	Secret secret.Props

	// Database configures PostgreSQL. The stack sets its Secret.
	//
	// Default: each field's own.
	Database postgres.DatabaseProps

	// Web configures Django. The stack sets its Database and its Secret. With
	// WaitForMigrations, it adds the [django.Migration] that the pods wait for.
	//
	// Required: its Image.
	Web django.WebProps
}

// Validate reports the fields that the stack sets itself; the constructs in it
// report the others.
func (p Props) Validate() error {
	var e rule.Errors
	if p.Database.Secret != nil {
		e.Add("Database.Secret", p.Database.Secret.Name(), "must not be given: the stack sets it")
	}
	if p.Web.Database != nil {
		e.Add("Web.Database", "...", "must not be given: the stack sets it; to use another database, compose the constructs without a stack")
	}
	if p.Web.Secret != nil {
		e.Add("Web.Secret", p.Web.Secret.Name(), "must not be given: the stack sets it")
	}
	return e.Err()
}

func (p Props) withDefaults() Props {
	p.Namespace.Name = cmp.Or(p.Namespace.Name, namespace.DefaultName)
	if p.Secret.Source == nil {
		p.Secret.Source = generated(p.Web)
	}
	return p
}

// generated runs the image of web. A wrong value in web is reported by web
// alone, so that it is not passed on.
func generated(web django.WebProps) secret.Source {
	var e rule.Errors
	e.Image("", web.Image)
	e.UserID("", cmp.Or(web.RunAsUser, django.DefaultRunAsUser))
	e.Names("", web.ImagePullSecrets)
	if e.Err() != nil {
		return secret.Generated(secret.GeneratedProps{Image: postgres.DefaultImage})
	}
	return secret.Generated(secret.GeneratedProps{
		Image: web.Image, RunAsUser: web.RunAsUser, ImagePullSecrets: web.ImagePullSecrets,
	})
}

// Stack is a chart that holds the whole system.
type Stack struct {
	cdk8s.Chart

	credentials *secret.Secret
	database    *postgres.Database
	web         *django.Web
	migration   *django.Migration
}

// New adds a [Stack] called id to scope, which is usually the app; id also
// names the manifest file. Invalid props fail synthesis with the path of the
// construct that they configure.
func New(scope constructs.Construct, id string, props Props) *Stack {
	s := &Stack{}
	given := props
	props = props.withDefaults()
	free, err := bind.FreeID(scope, id)
	cdk8s.NewChart_Override(s, scope, &free, &cdk8s.ChartProps{
		Namespace:                 &props.Namespace.Name,
		DisableResourceNameHashes: jsii.Bool(true),
	})
	bind.Validate(s, func() error { return err })
	bind.Validate(s, given.Validate)

	namespace.New(s, "namespace", props.Namespace)
	s.credentials = secret.New(s, "secret", props.Secret)
	props.Database.Secret = s.credentials
	s.database = postgres.NewDatabase(s, "database", props.Database)
	props.Web.Secret, props.Web.Database = s.credentials, s.database
	s.web = django.NewWeb(s, "web", props.Web)
	if props.Web.WaitForMigrations {
		s.migration = django.NewMigration(s, "migration", django.MigrationProps{Web: s.web})
	}
	return s
}

// Credentials returns the Secret that Django and PostgreSQL share.
func (s *Stack) Credentials() *secret.Secret { return s.credentials }

// Database returns the PostgreSQL server.
func (s *Stack) Database() *postgres.Database { return s.database }

// Web returns the Django server.
func (s *Stack) Web() *django.Web { return s.web }

// Migration returns what migrates the database, or nil without
// Web.WaitForMigrations.
func (s *Stack) Migration() *django.Migration { return s.migration }
