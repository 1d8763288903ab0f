package e2e

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/postgres"
)

func TestDataSurvivesReinstall(t *testing.T) {
	beside(t)
	a := newApp(t, "reinstall")
	dir := a.start()
	id := a.add("written before")
	before := a.credentials()

	deleted, err := kube.Delete(t.Context(), dir, "Namespace", "PersistentVolumeClaim", "Secret")
	if err != nil {
		t.Fatal(err)
	}
	took := eventually(t, 3*time.Minute, "everything but the claim and the Secret is gone", func(ctx context.Context) error {
		for _, object := range deleted {
			_, err := kube.Get(ctx, object)
			if err == nil {
				return fmt.Errorf("%s %s is not", object.GetKind(), object.GetName())
			}
			if !apierrors.IsNotFound(err) {
				return err
			}
		}
		pods, err := kube.Pods(ctx, a.namespace, "")
		if err == nil && len(pods) > 0 {
			err = fmt.Errorf("%d pods are not", len(pods))
		}
		return err
	})
	t.Logf("%d objects deleted in %s", len(deleted), took)

	a.apply(dir)
	a.waitFor(postgres.DefaultName)
	a.waitFor(django.DefaultName)
	if got := a.rows()[id]; got != "written before" {
		t.Errorf("row %d is now %q", id, got)
	}
	if !reflect.DeepEqual(before, a.credentials()) {
		t.Error("applying again has changed the credentials")
	}
}
