package postgres_test

import (
	"testing"

	"example.com/django-cdk8s/internal/definitions"
)

// What the operators' own definitions say of the custom resources in the golden
// files.
func TestCustomResourcesMeetTheirDefinitions(t *testing.T) {
	count, wrong, err := definitions.CheckFiles("testdata/cluster/*.yaml", "cnpg.io", "monitoring.coreos.com")
	if err != nil || count == 0 {
		t.Fatalf("%d custom resources, %v", count, err)
	}
	for _, line := range wrong {
		t.Error(line)
	}
	t.Logf("%d objects", count)
}
