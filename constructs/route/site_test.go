package route_test

import (
	"github.com/aws/constructs-go/constructs/v10"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
)

// server is a route.Backend of the smallest kind: a pod and its Service.
type server struct {
	constructs.Construct

	name string
	port int
}

func (s *server) Name() string { return s.name }
func (s *server) Port() int    { return s.port }

// newServer adds the server channels.
func newServer(scope constructs.Construct, port int) *server {
	const name = "channels"
	s := &server{name: name, port: port}
	addServer(construct.Init(s, scope, name), name, port)
	return s
}

func addServer(n *construct.Node, name string, port int) {
	ports := []kube.Port{{Name: "http", Number: port}}
	amounts := pod.Quantities{CPU: "1", Memory: "1Gi"}
	object.New(n.Construct(), "Pod", name, func() *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels.Selector(name)},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{
				Name: "server", Image: "server:1", Ports: kube.ContainerPorts(ports...),
				Resources: kube.Resources(pod.Resources{Requests: amounts, Limits: amounts}),
			}}},
		}
	})
	kube.NewService(n, name, labels.Web, pod.Service{}, ports...)
}

// site is the route.Site of an importing project.
type site struct {
	constructs.Construct

	name  string
	port  int
	hosts []string
	https bool
}

func (s *site) Name() string    { return s.name }
func (s *site) Port() int       { return s.port }
func (s *site) Hosts() []string { return s.hosts }
func (s *site) HTTPS() bool     { return s.https }

func (s *site) Flows() []network.Flow {
	return []network.Flow{{Name: s.name, Pods: labels.Selector(s.name), HTTP: s.port}}
}

// newSite adds a site that is called like its construct.
func newSite(scope constructs.Construct, name string, https bool, hosts ...string) *site {
	s := &site{name: name, port: 8000, https: https, hosts: hosts}
	addServer(construct.Init(s, scope, name), name, s.port)
	return s
}
