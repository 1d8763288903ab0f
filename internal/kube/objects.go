package kube

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/labels"
)

// Port is a port that has the same number at a Service and at its pods.
type Port struct {
	Name   string
	Number int
}

// NewService adds a Service called name for the pods of the workload of that
// name.
func NewService(n *construct.Node, name string, part labels.Part, options pod.Service,
	ports ...Port,
) *object.Object[*corev1.Service] {
	return object.New(n.Construct(), "Service", name, func() *corev1.Service {
		service := &corev1.Service{
			ObjectMeta: Meta(n, name, part),
			Spec:       corev1.ServiceSpec{Selector: labels.Selector(name), Type: options.Kind()},
		}
		service.Annotations = merged(options.Annotations, nil)
		service.Spec.SessionAffinity = options.SessionAffinity
		for _, port := range ports {
			service.Spec.Ports = append(service.Spec.Ports, corev1.ServicePort{
				Name: port.Name, Port: int32(port.Number), TargetPort: intstr.FromInt32(int32(port.Number)),
			})
		}
		return service
	})
}

// ContainerPorts returns the same ports for a container.
func ContainerPorts(ports ...Port) []corev1.ContainerPort {
	var all []corev1.ContainerPort
	for _, port := range ports {
		all = append(all, corev1.ContainerPort{Name: port.Name, ContainerPort: int32(port.Number)})
	}
	return all
}

// Claim is a PersistentVolumeClaim whose data must not be lost by accident.
type Claim struct {
	Name         string
	Part         labels.Part
	Owner        string // the name of the workload in its labels
	AccessMode   corev1.PersistentVolumeAccessMode
	Storage      string
	StorageClass string
	Annotations  map[string]string
}

// NewClaim adds c to n.
func NewClaim(n *construct.Node, c Claim) *object.Object[*corev1.PersistentVolumeClaim] {
	return object.New(n.Construct(), "Claim", c.Name, func() *corev1.PersistentVolumeClaim {
		claim := &corev1.PersistentVolumeClaim{ObjectMeta: Meta(n, c.Owner, c.Part)}
		claim.Name = c.Name
		claim.Annotations = merged(c.Annotations, labels.KeepData())
		claim.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{c.AccessMode}
		claim.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(c.Storage)}
		if c.StorageClass != "" {
			claim.Spec.StorageClassName = &c.StorageClass
		}
		return claim
	})
}

// NewDeployment adds the Deployment that build returns, with the labels and
// annotations of t.
func NewDeployment(n *construct.Node, name string, part labels.Part, t pod.Template,
	build func() appsv1.DeploymentSpec,
) *object.Object[*appsv1.Deployment] {
	return object.New(n.Construct(), "Deployment", name, func() *appsv1.Deployment {
		d := &appsv1.Deployment{ObjectMeta: ObjectMeta(Meta(n, name, part), t), Spec: build()}
		d.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels.Selector(name)}
		return d
	})
}

// NewServiceAccount adds the ServiceAccount of the workload called name, if t
// asks for one.
func NewServiceAccount(n *construct.Node, name string, part labels.Part, t pod.Template) {
	if len(t.ServiceAccount.Annotations) > 0 {
		newServiceAccount(n, name, part, t.ServiceAccount.Annotations)
	}
}

func newServiceAccount(n *construct.Node, name string, part labels.Part, annotations map[string]string) {
	object.New(n.Construct(), "ServiceAccount", name, func() *corev1.ServiceAccount {
		meta := Meta(n, name, part)
		meta.Annotations = merged(annotations, nil)
		return &corev1.ServiceAccount{ObjectMeta: meta, AutomountServiceAccountToken: new(false)}
	})
}

// NewAPIAccess lets the workload called name do what rules say in its
// namespace, and nothing else: by an account that it makes, unless t names an
// existing one. Pods get no token by themselves. rules is called when the
// manifest is rendered.
func NewAPIAccess(n *construct.Node, name string, part labels.Part, t pod.Template, rules func() []rbacv1.PolicyRule) {
	account := t.ServiceAccount.Existing
	if account == "" {
		account = name
		newServiceAccount(n, name, part, t.ServiceAccount.Annotations)
	}
	object.New(n.Construct(), "Role", name, func() *rbacv1.Role {
		return &rbacv1.Role{ObjectMeta: Meta(n, name, part), Rules: rules()}
	})
	object.New(n.Construct(), "RoleBinding", name, func() *rbacv1.RoleBinding {
		return &rbacv1.RoleBinding{
			ObjectMeta: Meta(n, name, part),
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: account, Namespace: n.Namespace()}},
		}
	})
}

// PortName returns the name of the port with that number, or "".
func PortName(ports []Port, number int) string {
	for _, port := range ports {
		if port.Number == number {
			return port.Name
		}
	}
	return ""
}

// GivenNamespace returns the namespace of n as an object that is made elsewhere:
// that of a controller, such as Argo CD's.
func GivenNamespace(n *construct.Node) []network.Object {
	if n.Namespace() == "" {
		return nil
	}
	return []network.Object{{Kind: "Namespace", Name: n.Namespace()}}
}
