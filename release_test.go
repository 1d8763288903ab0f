package main

import (
	"regexp"
	"testing"

	"example.com/django-cdk8s/synth"
)

// The newest section of the changelog is that of the version in the code.
func TestChangelogKnowsTheVersion(t *testing.T) {
	heading := regexp.MustCompile(`(?m)^## \[([0-9.]+)\], (unreleased|\d{4}-\d\d-\d\d)$`)
	found := heading.FindAllStringSubmatch(read(t, "CHANGELOG.md"), -1)
	if len(found) == 0 || found[0][1] != synth.Version {
		t.Errorf("the newest version of CHANGELOG.md is %q, and synth.Version %q", found, synth.Version)
	}
}
