// Package declare holds what a construct knows of the cluster and no manifest
// says: which objects are made elsewhere, and which values are no secrets.
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
