package main

import (
	"testing"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/synth"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

func TestDistIsCurrent(t *testing.T) {
	cdktest.Current(t, synth.DefaultDir, synth.Environment{Build: build})
}
