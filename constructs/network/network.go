// Package network holds what constructs declare besides their manifests: what
// their pods serve, what they connect to and with how many connections, and which
// objects they expect from elsewhere.
//
// The connection budget of a database and the network policies of an isolation
// read the same declaration. A construct of an importing project takes part in
// both when it implements [Source]:
//
//	func (r *Reports) Flows() []network.Flow {
//		db := r.database.Connection().Endpoint()
//		db.Connections, db.Formula = 4, "2 pods x 2 processes"
//		return []network.Flow{{
//			Name: "reports", Pods: map[string]string{"app": "reports"}, HTTP: 8080,
//			To: []network.Endpoint{db},
//		}}
//	}
package network

import (
	"cmp"

	"example.com/django-cdk8s/internal/dns"
)

// Source is a construct whose pods use the network.
type Source interface {
	// Flows returns one entry for each workload of the construct.
	Flows() []Flow
}

// Flow is what the pods of one workload receive and send, besides DNS queries.
type Flow struct {
	// Name is the name of the workload.
	Name string

	// Pods are the labels that select the pods.
	Pods map[string]string

	// HTTP is the TCP port for requests from outside, which come through an
	// Ingress controller or a Gateway; 0 for none.
	HTTP int

	// Metrics is the TCP port of the metrics; 0 for none.
	Metrics int

	// To are the servers that the pods connect to.
	To []Endpoint

	// From are clients that are no workloads of the app, such as the operator that
	// runs the pods.
	From []Client
}

// Client is pods elsewhere that connect to those of a [Flow].
type Client struct {
	// Namespace is the namespace of the client's pods.
	Namespace string

	// Pods are the labels of the client's pods; none for all pods of Namespace.
	Pods map[string]string

	// Port is the TCP port that the client connects to.
	Port int
}

// Endpoint is a server that pods connect to: a Service or a host, other pods,
// or the Kubernetes API server.
type Endpoint struct {
	// Host is the DNS name of a Service or of another server, or an IPv4
	// address; empty where Pods tell, or when nothing is known.
	Host string

	// Port is the server's TCP port; 0 when it is not known.
	Port int

	// Pods are the labels of the server's pods, and Namespace is theirs. They
	// need not be given for a Service of the same app.
	Pods      map[string]string
	Namespace string

	// APIServer stands for the Kubernetes API server, whose address and port
	// follow from the cluster.
	APIServer bool

	// Connections is the highest number of connections that all pods of the
	// workload hold at once: while it is updated, and scaled up as far as it
	// may be. The budget of a database counts it.
	Connections int

	// Formula shows how that number comes about, such as "(6+1 pods) x 3
	// workers x 2 threads".
	Formula string
}

// Known reports whether the endpoint's port is known.
func (e Endpoint) Known() bool { return e.Port != 0 || e.APIServer }

// ServiceOf returns the Service whose DNS name host is or may be: NAME,
// NAME.NAMESPACE, or NAME.NAMESPACE.svc with or without the domain of the
// cluster, and with or without the name of a pod before it. namespace is empty
// where host leaves it to that of the client, and name where host is no Service.
// certain is whether host can be nothing else; a short name may also be one of
// another search domain.
func ServiceOf(host string) (name, namespace string, certain bool) { return dns.ServiceOf(host) }

// Resolve returns the name and the namespace of the Service that pods of the
// given namespace reach under e.Host, or "" where it is none.
func (e Endpoint) Resolve(client string) (name, namespace string) {
	name, namespace, _ = ServiceOf(e.Host)
	return name, cmp.Or(namespace, client)
}

// Object is a Kubernetes object, or some keys of one, that manifests refer to
// and that is made elsewhere.
type Object struct {
	// Kind is the object's kind, such as Secret or PersistentVolumeClaim.
	Kind string

	// Name is the object's metadata.name.
	Name string

	// Namespace is the object's namespace. Empty: any.
	Namespace string

	// Keys are the keys of a Secret or ConfigMap that its manifest does not
	// hold. Empty: any key, where there is no manifest of the object.
	Keys []string
}

// Referrer is a construct that refers to objects, or keys of objects, that it
// does not create.
type Referrer interface {
	// ExternalReferences lists objects that the construct references and does
	// not create.
	ExternalReferences() []Object
}
