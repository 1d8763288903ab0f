package diagram

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/manifest/netpol"
	"example.com/django-cdk8s/manifest/pods"
)

// server is a custom resource whose pods an operator makes, as if the manifests
// held these pods and their Services.
type server struct {
	details  []string
	template corev1.PodTemplateSpec
	services []string
}

// clusterSpec is the part of a Cluster or Pooler of CloudNativePG that is drawn,
// and storeSpec that of an ObjectStore of its plugin for backups; see
// https://cloudnative-pg.io/documentation/current/cloudnative-pg.v1/.
type (
	clusterSpec struct {
		Spec struct {
			Instances int `json:"instances"`
			Storage   struct {
				Size string `json:"size"`
			} `json:"storage"`
			Bootstrap struct {
				InitDB struct {
					Secret localName `json:"secret"`
				} `json:"initdb"`
			} `json:"bootstrap"`
			Plugins []struct {
				Parameters map[string]string `json:"parameters"`
			} `json:"plugins"`
			Cluster localName `json:"cluster"`
		} `json:"spec"`
	}
	storeSpec struct {
		Spec struct {
			Configuration struct {
				EndpointURL   string `json:"endpointURL"`
				S3Credentials *struct {
					AccessKeyID localName `json:"accessKeyId"`
				} `json:"s3Credentials"`
			} `json:"configuration"`
		} `json:"spec"`
	}
	localName struct {
		Name string `json:"name"`
	}
)

// operatedBy returns the server that o is, if it is one.
func operatedBy(o manifest.Object) (server, bool) {
	var custom clusterSpec
	if o.Group != "postgresql.cnpg.io" || o.DecodeCustom(&custom) != nil {
		return server{}, false
	}
	switch o.Kind {
	case "Cluster":
		size := ""
		if custom.Spec.Storage.Size != "" {
			size = " of " + custom.Spec.Storage.Size
		}
		s := server{
			details:  []string{"CloudNativePG Cluster", fmt.Sprintf("%d instances%s", max(custom.Spec.Instances, 1), size)},
			services: []string{o.Name + "-rw", o.Name + "-ro", o.Name + "-r"},
			template: postgresPods(map[string]string{"cnpg.io/cluster": o.Name, "cnpg.io/podRole": "instance"}),
		}
		s.secret("INITDB", custom.Spec.Bootstrap.InitDB.Secret.Name)
		return s, true
	case "Pooler":
		s := server{
			details:  []string{"CloudNativePG Pooler"},
			services: []string{o.Name},
			template: postgresPods(map[string]string{"cnpg.io/poolerName": o.Name, "cnpg.io/podRole": "pooler"}),
		}
		if custom.Spec.Instances > 1 {
			s.details = append(s.details, fmt.Sprintf("%d pods", custom.Spec.Instances))
		}
		s.variable("CLUSTER_HOST", custom.Spec.Cluster.Name+"-rw:5432")
		return s, true
	}
	return server{}, false
}

// postgresPods are pods that listen as PostgreSQL and its exporter do in
// CloudNativePG.
func postgresPods(set labels.Set) corev1.PodTemplateSpec {
	var t corev1.PodTemplateSpec
	t.Labels = set
	metrics := int32(9187)
	if set["cnpg.io/podRole"] == "pooler" {
		metrics = 9127
	}
	t.Spec.Containers = []corev1.Container{{Ports: []corev1.ContainerPort{
		{Name: "postgresql", ContainerPort: 5432},
		{Name: "metrics", ContainerPort: metrics},
		{Name: "status", ContainerPort: 8000},
	}}}
	// The operator's own accounts are not those of the manifests.
	t.Spec.AutomountServiceAccountToken = new(false)
	return t
}

func (s *server) variable(name, value string) {
	container := &s.template.Spec.Containers[0]
	container.Env = append(container.Env, corev1.EnvVar{Name: name, Value: value})
}

func (s *server) secret(variable, name string) {
	if name == "" {
		return
	}
	source := &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{Key: "password"}}
	source.SecretKeyRef.Name = name
	container := &s.template.Spec.Containers[0]
	container.Env = append(container.Env, corev1.EnvVar{Name: variable, ValueFrom: source})
}

// operated adds the pods and Services that operators make.
func (b *builder) operated() {
	for i, o := range b.objects {
		s, ok := operatedBy(o)
		if !ok {
			continue
		}
		b.backupOf(o, &s)
		object := netpol.Object{Index: i, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name}
		b.network.Workloads = append(b.network.Workloads,
			netpol.Workload{Object: object, Pods: pods.Pods{Template: &s.template, Field: "spec"}})
		for _, name := range s.services {
			service := object
			service.Kind, service.Name = "Service", name
			b.network.Services = append(b.network.Services, netpol.Service{
				Object: service, Selector: labels.SelectorFromSet(s.template.Labels),
				Ports: []corev1.ServicePort{{Port: 5432}},
			})
		}
	}
}

// backupOf lets a Cluster connect to the store of its backups.
func (b *builder) backupOf(o manifest.Object, s *server) {
	var cluster clusterSpec
	if o.DecodeCustom(&cluster) != nil {
		return
	}
	for _, plugin := range cluster.Spec.Plugins {
		for _, other := range b.objects {
			name := plugin.Parameters["barmanObjectName"]
			if other.Group != "barmancloud.cnpg.io" || other.Namespace != o.Namespace || other.Name != name {
				continue
			}
			var store storeSpec
			if other.DecodeCustom(&store) != nil {
				continue
			}
			s.variable("BACKUP_ENDPOINT", store.Spec.Configuration.EndpointURL)
			if keys := store.Spec.Configuration.S3Credentials; keys != nil {
				s.secret("BACKUP_KEY", keys.AccessKeyID.Name)
				if strings.TrimSpace(store.Spec.Configuration.EndpointURL) == "" {
					s.variable("AWS_STORAGE_BUCKET_NAME", name)
				}
			}
		}
	}
}
