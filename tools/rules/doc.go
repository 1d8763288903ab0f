// Package rules tests the alerts of a PrometheusRule: it evaluates the expressions
// in the manifests of examples/production with the engine of Prometheus. It is a
// module of its own because Prometheus needs other versions of the Kubernetes
// modules than the tools beside it.
package rules
