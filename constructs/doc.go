// Package constructs holds no code; its subpackages are the library. In
// reading order:
//
//   - [example.com/django-cdk8s/constructs/stack]: the whole system as one
//     chart. Start here.
//   - [example.com/django-cdk8s/constructs/namespace]: the namespace, under Pod
//     Security admission.
//   - [example.com/django-cdk8s/constructs/secret]: the credentials, which are
//     never part of the rendered manifests.
//   - [example.com/django-cdk8s/constructs/postgres]: PostgreSQL in the
//     cluster, or the address of one elsewhere.
//   - [example.com/django-cdk8s/constructs/django]: the Django project: the
//     site, its migrations, Celery workers and beat, scheduled commands, media.
//   - [example.com/django-cdk8s/constructs/valkey]: the broker of Celery's
//     messages in the cluster, and
//     [example.com/django-cdk8s/constructs/broker]: the address of one
//     elsewhere.
//   - [example.com/django-cdk8s/constructs/route]: how visitors reach the site:
//     Ingress and Gateway API.
//   - [example.com/django-cdk8s/constructs/monitoring]: how Prometheus does.
//   - [example.com/django-cdk8s/constructs/isolation]: network policies, drawn
//     from what the other constructs need.
//   - [example.com/django-cdk8s/constructs/pod]: resources and volumes, the
//     values that describe any pod.
//
// A construct takes a scope, an id and props. Props are plain values, and the
// zero value of a field is its default:
//
//	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
//	env := secret.New(chart, "secret", secret.Props{
//		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
//	})
//	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
//	django.NewWeb(chart, "web", django.WebProps{Image: "example/shop:1.2.3", Database: db})
//
// No constructor panics or returns an error over a wrong value. Synthesis
// reports every wrong value of every construct at once, as
//
//	CONSTRUCT PATH: FIELD: VALUE: RULE
//
// Objects carry the names that the props say, and selectors are exactly
// app: NAME, wherever the construct stands in the tree: moving it, or giving it
// another id, changes nothing on the cluster.
//
// The underlying jsii runtime is not safe for concurrent use: build and
// synthesise on one goroutine.
package constructs
