package postgres_test

import (
	"testing"

	"example.com/django-cdk8s/internal/definition"
)

// What the operators' own definitions say of the custom resources in the golden
// files.
func TestCustomResourcesMeetTheirDefinitions(t *testing.T) {
	count, wrong, err := definition.CheckFiles("testdata/cluster/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range wrong {
		t.Error(line)
	}
	t.Logf("%d objects", count)
}
