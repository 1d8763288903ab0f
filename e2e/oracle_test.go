package e2e

import (
	"testing"

	"example.com/django-cdk8s/e2e/oracle"
)

// What the library accepts, the API server accepts; what it rejects, it
// rejects with the path of a construct.
func TestOracle(t *testing.T) {
	beside(t)
	define(t)
	oracle.Check(t, kube, &synthesis)
}
