package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/valkey"
	"example.com/django-cdk8s/e2e/cluster"
	"example.com/django-cdk8s/internal/jsii"
)

// What the tests run, and how hard they press it.
var (
	siteImage     = cmp.Or(os.Getenv("E2E_IMAGE"), "guestbook:1.0.0")
	postgresImage = cmp.Or(os.Getenv("E2E_POSTGRES_IMAGE"), postgres.DefaultImage)
	nextPostgres  = cmp.Or(os.Getenv("E2E_NEXT_POSTGRES_IMAGE"), "postgres:17-trixie")
	valkeyImage   = cmp.Or(os.Getenv("E2E_VALKEY_IMAGE"), valkey.DefaultImage)
	exporterImage = cmp.Or(os.Getenv("E2E_EXPORTER_IMAGE"), "quay.io/prometheuscommunity/postgres-exporter:v0.17.1")
	rcloneImage   = cmp.Or(os.Getenv("E2E_RCLONE_IMAGE"), postgres.DefaultStoreImage)
	storeImage    = cmp.Or(os.Getenv("E2E_STORE_IMAGE"), "versity/versitygw:v1.8.0")
	rate, _       = strconv.Atoi(cmp.Or(os.Getenv("E2E_RATE"), "300"))
)

// kube is the cluster under test.
var kube *cluster.Cluster

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	jsii.Start()
	defer jsii.Close()
	var err error
	if kube, err = cluster.Connect(); err == nil && rate < 1 {
		err = fmt.Errorf("E2E_RATE: %q: must be a whole number above 0", os.Getenv("E2E_RATE"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := errors.Join(removeDefinitions(ctx), waitForRemoval(ctx)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// waitForRemoval waits until no namespace of these tests is left.
func waitForRemoval(ctx context.Context) error {
	for _, namespace := range removing {
		if _, err := poll(ctx, func() error { return gone(ctx, namespace) }); err != nil {
			return err
		}
	}
	return nil
}
