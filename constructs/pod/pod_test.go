package pod_test

import (
	"fmt"
	"testing"

	"example.com/django-cdk8s/constructs/pod"
)

var defaults = pod.Resources{
	Requests: pod.Quantities{CPU: "500m", Memory: "512Mi"},
	Limits:   pod.Quantities{CPU: "1", Memory: "1Gi"},
}

func TestDefaultsGiveWayToWhatIsGiven(t *testing.T) {
	for name, tc := range map[string]struct{ given, want pod.Resources }{
		"nothing given": {pod.Resources{}, defaults},
		"everything given": {
			pod.Resources{Requests: pod.Quantities{CPU: "1", Memory: "1Gi"}, Limits: pod.Quantities{CPU: "2", Memory: "2Gi"}},
			pod.Resources{Requests: pod.Quantities{CPU: "1", Memory: "1Gi"}, Limits: pod.Quantities{CPU: "2", Memory: "2Gi"}},
		},
		"limit below the default request": {
			pod.Resources{Limits: pod.Quantities{CPU: "100m", Memory: "128Mi"}},
			pod.Resources{Requests: pod.Quantities{CPU: "100m", Memory: "128Mi"}, Limits: pod.Quantities{CPU: "100m", Memory: "128Mi"}},
		},
		"limit above the default request": {
			pod.Resources{Limits: pod.Quantities{CPU: "600m", Memory: "600Mi"}},
			pod.Resources{Requests: defaults.Requests, Limits: pod.Quantities{CPU: "600m", Memory: "600Mi"}},
		},
		"request above the default limit": {
			pod.Resources{Requests: pod.Quantities{CPU: "3", Memory: "4Gi"}},
			pod.Resources{Requests: pod.Quantities{CPU: "3", Memory: "4Gi"}, Limits: pod.Quantities{CPU: "3", Memory: "4Gi"}},
		},
		"wrong amount is left to Validate": {
			pod.Resources{Limits: pod.Quantities{CPU: "many"}},
			pod.Resources{Requests: defaults.Requests, Limits: pod.Quantities{CPU: "many", Memory: "1Gi"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.given.WithDefaults(defaults); got != tc.want {
				t.Errorf("WithDefaults() = %+v, want %+v", got, tc.want)
			}
		})
	}
}

func ExampleResources_Validate() {
	problems := pod.Resources{
		Requests: pod.Quantities{CPU: "2", Memory: "512m"},
		Limits:   pod.Quantities{CPU: "1", Memory: "1Gi"},
	}.Validate()
	for _, p := range problems {
		fmt.Println(p.Field, p.BadValue, p.Detail)
	}
	// Output:
	// Requests.CPU 2 must not be above its limit 1
	// Requests.Memory 512m must be a whole number of bytes: a unit of m means thousandths, write Mi for mebibytes
}

func ExampleVolume() {
	fmt.Println(pod.Volume{MountPath: "/app/media", Claim: "media"}.Validate())
	fmt.Println(pod.Volume{MountPath: "/app/media", Claim: "media", EmptyDir: "1Gi"}.Validate())
	// Output:
	// []
	// [MountPath: Invalid value: "/app/media": needs exactly one of EmptyDir, Claim, ConfigMap, Secret, Projected and Ephemeral]
}
