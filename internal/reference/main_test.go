package reference

import (
	"testing"

	"example.com/django-cdk8s/cdktest"
)

func TestMain(m *testing.M) { cdktest.Main(m) }
