package pods

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/internal/dns"
)

// Destination is a server that an environment variable tells pods to connect to.
type Destination struct {
	// Field is the path of the variable within the object.
	Field string

	// Host is the server's name or address, and Port its port; 0 where it is
	// not said.
	Host string
	Port int32
}

// Destinations returns the servers that the literal variables of all containers
// name: by host, in a variable whose name ends in HOST, or by URL. A host that
// can be nothing but a Service's counts in any variable. A URL without port counts
// in a variable whose name holds ENDPOINT or ends in DSN.
func (p Pods) Destinations() []Destination {
	var found []Destination
	p.EachContainer(func(field string, container *corev1.Container, _ bool) {
		if len(container.Env) == 0 {
			return
		}
		values := literals(container.Env)
		for _, env := range container.Env {
			if host, port := destination(env.Name, values); host != "" {
				found = append(found, Destination{fmt.Sprintf("%s.env[%s]", field, env.Name), host, port})
			}
		}
	})
	return found
}

// variable matches $(NAME), which Kubernetes fills in from a variable, and the
// escape $$.
var variable = regexp.MustCompile(`\$\$|\$\([\w.-]+\)`)

// literals returns the values of variables that the manifest holds, filled in
// as Kubernetes does: from the variables above.
func literals(env []corev1.EnvVar) map[string]string {
	values := map[string]string{}
	for _, e := range env {
		if e.ValueFrom != nil {
			continue
		}
		if !strings.Contains(e.Value, "$") {
			values[e.Name] = e.Value
			continue
		}
		values[e.Name] = variable.ReplaceAllStringFunc(e.Value, func(found string) string {
			if value, ok := values[strings.Trim(found, "$()")]; ok {
				return value
			}
			return found
		})
	}
	return values
}

// serverURL matches a URL, and serverAddress a host with or without port, and
// nothing besides.
var (
	serverURL     = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://(?:[^/?#\s]*@)?([a-z0-9.-]+)(?::(\d+))?(?:[/?#]\S*)?$`)
	serverAddress = regexp.MustCompile(`^([a-z0-9.-]+)(?::(\d+))?$`)
)

// destination returns the host that a variable names, and the port; 0 when it
// is not said. Variables of origins or allowed hosts name clients, not servers.
func destination(name string, values map[string]string) (host string, port int32) {
	prefix, isHost := strings.CutSuffix(name, "HOST")
	if !isHost && (strings.Contains(name, "ORIGIN") || strings.Contains(name, "ALLOWED")) {
		return "", 0
	}
	if url := serverURL.FindStringSubmatch(values[name]); url != nil {
		if port = number(url[2]); port == 0 && isEndpoint(name) && !ServiceOf("", url[1]).Certain {
			port = schemePorts[strings.SplitN(values[name], ":", 2)[0]]
		}
		if port != 0 || ServiceOf("", url[1]).Certain {
			return url[1], port
		}
	}
	if address := serverAddress.FindStringSubmatch(values[name]); address != nil {
		switch host, port = address[1], number(address[2]); {
		case isHost:
			return host, cmp.Or(port, number(values[prefix+"PORT"]))
		case ServiceOf("", host).Certain:
			return host, port
		}
	}
	return "", 0
}

// isEndpoint reports whether a variable names a server by its URL, which other
// URLs may not: they may be the site's own.
func isEndpoint(name string) bool {
	return strings.Contains(name, "ENDPOINT") || strings.HasSuffix(name, "DSN")
}

// schemePorts are the ports of URLs that name none.
var schemePorts = map[string]int32{"http": 80, "https": 443}

func number(text string) int32 {
	n, _ := strconv.ParseInt(text, 10, 32)
	return int32(n)
}

// ServiceName is what a host name says of a Service.
type ServiceName struct {
	Namespace, Name string

	// Certain says that the host is written as only a Service's can be:
	// NAME.NAMESPACE.svc, with or without the domain of the cluster or the name
	// of a pod. Otherwise it may be a host outside as well.
	Certain bool
}

// ServiceOf returns the Service that pods of namespace find under host: NAME,
// NAME.NAMESPACE, or NAME.NAMESPACE.svc with or without the domain of the
// cluster, and with or without the name of a pod before it. It returns an empty
// name for another host.
func ServiceOf(namespace, host string) ServiceName {
	name, in, certain := dns.ServiceOf(host)
	if name == "" {
		return ServiceName{}
	}
	return ServiceName{cmp.Or(in, namespace), name, certain}
}
