// Package constructs holds no code; its subpackages are the library. In
// reading order:
//
//   - [example.com/django-cdk8s/constructs/stack]: the whole system as one
//     chart. Start here.
//   - [example.com/django-cdk8s/constructs/namespace]: the namespace, under Pod
//     Security admission.
//   - [example.com/django-cdk8s/constructs/secret]: the credentials, which are
//     never part of the rendered manifests.
//   - [example.com/django-cdk8s/constructs/externalsecrets]: the custom
//     resources of the operator that fetches credentials from a vault.
//   - [example.com/django-cdk8s/constructs/postgres]: PostgreSQL in the
//     cluster, by one pod or by the CloudNativePG operator, or the connection to
//     a server elsewhere.
//   - [example.com/django-cdk8s/constructs/cloudnativepg]: the custom resources
//     of the operator that runs PostgreSQL on several nodes.
//   - [example.com/django-cdk8s/constructs/django]: the Django project and its
//     processes: site, migration, Celery workers and beat, scheduled commands,
//     others; uploaded files.
//   - [example.com/django-cdk8s/constructs/valkey]: the broker of Celery's
//     messages in the cluster, and
//     [example.com/django-cdk8s/constructs/broker]: the connection to one
//     elsewhere.
//   - [example.com/django-cdk8s/constructs/route]: exposure of a site outside
//     the cluster, by Ingress or Gateway API.
//   - [example.com/django-cdk8s/constructs/monitoring]: targets and alerts of
//     Prometheus.
//   - [example.com/django-cdk8s/constructs/isolation]: network policies for the
//     traffic that the other constructs declare.
//   - [example.com/django-cdk8s/constructs/argocd] and
//     [example.com/django-cdk8s/constructs/flux]: the objects by which Argo CD or
//     Flux applies a directory of manifests, and
//     [example.com/django-cdk8s/constructs/gitops]: their custom resources.
//   - [example.com/django-cdk8s/constructs/pod]: resources, volumes, scaling
//     and the template that every workload takes.
//   - [example.com/django-cdk8s/constructs/object]: the objects of a construct
//     as their Kubernetes types, for changes beyond the props.
//   - [example.com/django-cdk8s/constructs/network]: the declaration of
//     traffic, which constructs of importing projects can make, too.
//   - [example.com/django-cdk8s/constructs/plus]: objects of this library for
//     constructs of cdk8s-plus.
//
// A construct takes a scope, an id and props. Props are plain values, and the
// zero value of a field is its default:
//
//	chart := cdk8s.NewChart(app, new("shop"), &cdk8s.ChartProps{Namespace: new("shop")})
//	env := secret.New(chart, "secret", secret.Props{
//		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
//	})
//	db := postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
//	shop := django.Project{Image: "example/shop:1.2.3", Database: db}
//	django.NewWeb(chart, "web", django.WebProps{Project: shop})
//
// A value becomes an object in one direction:
//
//	props         plain values, given to a constructor
//	→ resolved    once: defaults filled in, every problem noted
//	→ declared    traffic and references, for budget and isolation; objects as Kubernetes types
//	→ tree        cdk8s holds them; changes and patches are kept with them
//	→ manifests   rendered when the tree is complete, Jobs named by their content
//	→ rules       on all manifests together; without a problem, files
//
// No constructor panics or returns an error over a wrong value. Synthesis
// reports every wrong value of every construct at once, as
//
//	CONSTRUCT PATH: FIELD: VALUE: RULE
//
// Objects carry the names in the props, and selectors are exactly app: NAME,
// wherever the construct stands in the tree: moving it, or giving it another
// id, changes nothing on the cluster.
//
// The underlying jsii runtime is not safe for concurrent use: build and
// synthesise on one goroutine.
package constructs
