// Package declare holds what a construct knows of the cluster and no manifest
// says: which objects are made elsewhere, which values are no secrets, and who
// talks to whom.
package declare

// Object is a Kubernetes object that manifests may refer to although they do
// not contain it, or do not contain all of it.
type Object struct {
	// Kind is the object's kind, such as Secret or PersistentVolumeClaim.
	Kind string

	// Name is the object's metadata.name.
	Name string

	// Namespace is where the object lives. Empty: in any namespace.
	Namespace string

	// Keys are the keys that a Secret or ConfigMap holds besides those in its
	// manifest. Empty: any key, when no manifest of the object is at hand.
	Keys []string
}

// Externals is implemented by constructs that rely on objects or keys from
// outside the rendered manifests.
type Externals interface {
	Externals() []Object
}

// PlainValues is implemented by constructs that write values into a Secret's
// manifest that anybody may read; Keys names them.
type PlainValues interface {
	PlainValues() []Object
}

// Traffic is what the pods of one workload receive and send over the network,
// besides asking for DNS names.
type Traffic struct {
	// Name is the name of the workload.
	Name string

	// Pods are the labels by which the pods are found.
	Pods map[string]string

	// HTTP is the port for visitors, who come through a proxy; 0 for none.
	HTTP int

	// Metrics is the port that Prometheus asks; 0 for none.
	Metrics int

	// To are the servers that the pods connect to.
	To []Destination
}

// Destination is a server that pods connect to: other pods, a host, or the
// Kubernetes API server.
type Destination struct {
	// Pods are the labels of the server's pods, and Namespace is where they
	// are; empty where the chart does not say.
	Pods      map[string]string
	Namespace string

	// Host is the DNS name or IPv4 address of a server that is not made by
	// this library; empty when nothing is known of it.
	Host string

	// APIServer stands for the Kubernetes API server, whose port follows from
	// the cluster.
	APIServer bool

	// Port is the server's TCP port; 0 when nothing is known of it.
	Port int
}

// Talker is implemented by constructs whose pods use the network.
type Talker interface {
	Traffic() []Traffic
}
