package django_test

import (
	"fmt"
	"strings"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
)

// show prints the lines of the chart's manifests that hold one of texts.
func show(chart cdk8s.Chart, texts ...string) {
	for line := range strings.Lines(*cdk8s.Yaml_Stringify(*chart.ToJson()...)) {
		for _, text := range texts {
			if strings.Contains(line, text) {
				fmt.Println(strings.TrimSpace(line))
			}
		}
	}
}

func ExampleGunicorn() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), nil)
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	django.NewWeb(chart, "web", django.WebProps{
		Project: django.Project{
			Image:    "example/shop:1.2.3",
			Database: postgres.Connection{Host: "db.example.com", Secret: env},
			Env:      map[string]string{"GUNICORN_CMD_ARGS": "--access-logfile=-"},
		},
		Resources: pod.Resources{Limits: pod.Quantities{CPU: "2", Memory: "1Gi"}},
		Gunicorn:  django.Gunicorn{Threads: 4, MaxRequests: 1000},
	})
	show(chart, "--workers")
	// Output:
	// value: --access-logfile=- --workers=5 --threads=4 --timeout=30 --graceful-timeout=30 --max-requests=1000 --max-requests-jitter=100 --worker-tmp-dir=/run/gunicorn
}

func ExampleWebProps_autoscaling() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), nil)
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	django.NewWeb(chart, "web", django.WebProps{
		Project:     django.Project{Image: "example/shop:1.2.3", Database: postgres.Connection{Host: "db.example.com", Secret: env}},
		Autoscaling: pod.Autoscaling{MaxReplicas: 10},
	})
	show(chart, "kind:", "eplicas:", "averageUtilization", "maxUnavailable")
	// Output:
	// kind: Deployment
	// maxUnavailable: 0
	// kind: HorizontalPodAutoscaler
	// maxReplicas: 10
	// averageUtilization: 80
	// minReplicas: 2
	// kind: Deployment
	// kind: PodDisruptionBudget
	// maxUnavailable: 1
	// kind: Service
}

func ExampleNewMediaClaim() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), nil)
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY"),
	})
	media := django.NewMediaClaim(chart, "media", django.MediaClaimProps{
		AccessMode: django.ReadWriteMany, StorageClass: "nfs", Storage: "20Gi",
	})
	django.NewWeb(chart, "web", django.WebProps{
		Project: django.Project{
			Image:    "example/shop:1.2.3",
			Database: postgres.Connection{Host: "db.example.com", Secret: env},
			Media:    media,
		},
		Replicas: new(3),
	})
	fmt.Println(media.Name())
	show(chart, "claimName", "/app/media")
	// Output:
	// django-media
	// value: /app/media
	// - mountPath: /app/media
	// claimName: django-media
}

func ExampleObjectStore() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("shop"), nil)
	env := secret.New(chart, "secret", secret.Props{
		Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY",
			"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
	})
	django.NewWeb(chart, "web", django.WebProps{
		Project: django.Project{
			Image:    "example/shop:1.2.3",
			Database: postgres.Connection{Host: "db.example.com", Secret: env},
			Media:    django.ObjectStore{Bucket: "shop-media", Endpoint: "https://s3.example.com", Secret: env},
		},
	})
	show(chart, "AWS_", "shop-media", "s3.example.com")
	// Output:
	// - name: AWS_STORAGE_BUCKET_NAME
	// value: shop-media
	// - name: AWS_S3_ENDPOINT_URL
	// value: https://s3.example.com
	// - name: AWS_ACCESS_KEY_ID
	// key: AWS_ACCESS_KEY_ID
	// - name: AWS_SECRET_ACCESS_KEY
	// key: AWS_SECRET_ACCESS_KEY
}
