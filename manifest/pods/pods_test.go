package pods_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"example.com/django-cdk8s/manifest/pods"
)

func TestServiceOfReadsTheNamesOfServices(t *testing.T) {
	for host, want := range map[string]pods.ServiceName{
		"postgres":                         {Namespace: "shop", Name: "postgres"},
		"postgres.data":                    {Namespace: "data", Name: "postgres"},
		"postgres.data.svc":                {Namespace: "data", Name: "postgres", Certain: true},
		"postgres.data.svc.":               {Namespace: "data", Name: "postgres", Certain: true},
		"postgres.data.svc.cluster.local":  {Namespace: "data", Name: "postgres", Certain: true},
		"postgres.data.svc.shop.internal.": {Namespace: "data", Name: "postgres", Certain: true},
		"postgres-0.postgres.data.svc":     {Namespace: "data", Name: "postgres", Certain: true},
		"postgres.data.example":            {},
		"db.example.com":                   {},
	} {
		if got := pods.ServiceOf("shop", host); got != want {
			t.Errorf("ServiceOf(%q) = %+v, want %+v", host, got, want)
		}
	}
}

func TestDestinationsOfURLs(t *testing.T) {
	for variable, want := range map[[2]string]pods.Destination{
		{"DATABASE_URL", "postgres://user@db.example.com:5432/shop"}: {Host: "db.example.com", Port: 5432},
		{"API_URL", "http://api.shop.svc/v1"}:                        {Host: "api.shop.svc"},
		{"SITE_URL", "https://shop.example.com"}:                     {},
		{"AWS_S3_ENDPOINT_URL", "https://s3.example.com"}:            {Host: "s3.example.com", Port: 443},
		{"AWS_S3_ENDPOINT_URL", "http://minio/"}:                     {Host: "minio", Port: 80},
		{"AWS_S3_ENDPOINT_URL", "http://minio.shop.svc"}:             {Host: "minio.shop.svc"},
		{"SENTRY_DSN", "https://key@errors.example.com/1"}:           {Host: "errors.example.com", Port: 443},
		{"BROKER_DSN", "amqp://broker.example.com"}:                  {},
		{"ALLOWED_ENDPOINT", "https://s3.example.com"}:               {},
	} {
		template := &corev1.PodTemplateSpec{}
		template.Spec.Containers = []corev1.Container{{Env: []corev1.EnvVar{{Name: variable[0], Value: variable[1]}}}}
		var got pods.Destination
		for _, d := range (pods.Pods{Template: template}).Destinations() {
			got = pods.Destination{Host: d.Host, Port: d.Port}
		}
		if got != want {
			t.Errorf("%s=%s: %+v, want %+v", variable[0], variable[1], got, want)
		}
	}
}

func TestIndexSelectsWhatTheSelectorMatches(t *testing.T) {
	var x pods.Index
	x.Add("shop", labels.Set{"app": "web", "tier": "front"})
	x.Add("data", labels.Set{"app": "web"})
	x.Add("shop", labels.Set{"app": "worker"})
	x.Add("shop", nil)
	for text, want := range map[string][]int{
		"app=web":               {0},
		"app in (web, worker)":  {0, 2},
		"app=web,tier=back":     nil,
		"tier=front,app=web":    {0},
		"app=gone":              nil,
		"app":                   {0, 2},
		"!app":                  {3},
		"app!=web":              {2, 3},
		"app notin (web)":       {2, 3},
		"":                      {0, 2, 3},
		"app in (web), app=web": {0},
	} {
		selector, err := labels.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := x.Select("shop", selector); !slices.Equal(got, want) {
			t.Errorf("Select(%q) = %v, want %v", text, got, want)
		}
	}
	if got := x.Select("elsewhere", labels.Everything()); len(got) > 0 {
		t.Errorf("Select in a namespace without pods = %v", got)
	}
}
