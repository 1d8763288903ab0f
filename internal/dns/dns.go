// Package dns reads the names under which a cluster's DNS servers find Services.
package dns

import "strings"

// ServiceOf returns the Service whose DNS name host is or may be: NAME,
// NAME.NAMESPACE, or NAME.NAMESPACE.svc with or without the domain of the
// cluster. The last may have the name of one pod before it, as those of a
// StatefulSet do. namespace is empty where host leaves it to that of the client,
// and name where host is no Service. certain is whether host can be nothing else
// than a Service; see
// https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/.
func ServiceOf(host string) (name, namespace string, certain bool) {
	words := strings.Split(strings.TrimSuffix(host, "."), ".")
	switch {
	case len(words) == 1:
		return words[0], "", false
	case len(words) == 2:
		return words[0], words[1], false
	case words[2] == "svc":
		return words[0], words[1], true
	case len(words) > 3 && words[3] == "svc":
		return words[1], words[2], true
	}
	return "", "", false
}
