package manifest

import (
	"fmt"
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// unique reports two constructs that make the same objects once, by the first
// of these.
func (c *checker) unique() {
	type id struct{ group, kind, namespace, name string }
	first := map[id]Object{}
	reported := map[[2]string]bool{}
	for _, o := range c.objects {
		id := id{o.Group, o.Kind, o.Namespace, o.Name}
		earlier, taken := first[id]
		if !taken {
			first[id] = o
			continue
		}
		c.duplicates[o.Source], c.duplicates[earlier.Source] = true, true
		pair := [2]string{path.Dir(earlier.Source), path.Dir(o.Source)}
		if o.inFile() || pair[0] == "." || !reported[pair] {
			reported[pair] = true
			c.add(o, "metadata.name", o.Name, "%s is also made by %s; give one of them another name", o, earlier.Source)
		}
	}
	for _, o := range c.objects {
		e, external := o.custom.(*externalSecret)
		if !external {
			continue
		}
		secret, made := e.secret(o.Namespace, o.Name)
		target := id{"", secret.kind, secret.namespace, secret.name}
		if earlier, taken := first[target]; taken && made {
			c.add(o, "spec.target.name", secret.name, "the Secret is also made by %s; give one of them another name",
				earlier.Source)
		} else if made {
			first[target] = o
		}
	}
}

// inFile reports whether the source of o is a file, not a construct.
func (o Object) inFile() bool { return strings.HasSuffix(o.Source, ": "+o.String()) }

const (
	// maxObject is the most that etcd takes in one request, in bytes, by
	// default; see https://etcd.io/docs/latest/dev-guide/limit/. The API server
	// itself takes twice as much.
	maxObject = 3 << 19

	// maxData is the most that the values of a ConfigMap or Secret may hold
	// together, in bytes; see
	// https://kubernetes.io/docs/concepts/configuration/configmap/#motivation.
	maxData = 1 << 20
)

func (c *checker) sizes() {
	for _, o := range c.objects {
		switch data := dataSize(o); {
		case data > maxData:
			c.add(o, "data", mebibytes(data), "is too large: the values of one %s may hold %s together", o.Kind,
				mebibytes(maxData))
		case o.size > maxObject:
			c.add(o, "metadata.name", o.Name, "the object is too large, %s in JSON: etcd takes %s",
				mebibytes(o.size), mebibytes(maxObject))
		}
	}
}

// dataSize returns the number of bytes in the values of a ConfigMap or Secret.
func dataSize(o Object) int {
	n := 0
	count := func(texts map[string]string, data map[string][]byte) {
		for _, value := range texts {
			n += len(value)
		}
		for _, value := range data {
			n += len(value)
		}
	}
	switch content := o.Content.(type) {
	case *corev1.ConfigMap:
		count(content.Data, content.BinaryData)
	case *corev1.Secret:
		count(content.StringData, content.Data)
	}
	return n
}

func mebibytes(n int) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
