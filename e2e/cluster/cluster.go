// Package cluster works on the Kubernetes cluster that KUBECONFIG names as a
// person with kubectl does: it applies files, asks, looks into pods.
package cluster

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

// ErrNone is the error of [Connect] when there is no cluster to connect to.
var ErrNone = errors.New("NOT TESTED on a cluster: KUBECONFIG is not set; set it to the path of a " +
	"kubeconfig file, such as the one that \"kind get kubeconfig\" prints")

// manager is the name under which the API server keeps what was applied.
const manager = "e2e"

// Cluster is a connection to a cluster. It may be used by several goroutines.
type Cluster struct {
	// Client asks for objects of the built-in kinds.
	Client kubernetes.Interface

	config  *rest.Config
	dynamic dynamic.Interface
	mapper  meta.RESTMapper
}

// Connect connects to the cluster that KUBECONFIG names.
func Connect() (*Cluster, error) {
	path := os.Getenv("KUBECONFIG")
	if path == "" {
		return nil, ErrNone
	}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(), nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("KUBECONFIG: %q: %w", path, err)
	}
	// The client's own limit of five requests a second is made for
	// controllers that never stop, and its warnings for people.
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{}
	config.UserAgent = cmp.Or(config.UserAgent, manager)
	return connect(config)
}

// Refresh makes c ask the API server anew which kinds it knows.
func (c *Cluster) Refresh() { meta.MaybeResetRESTMapper(c.mapper) }

func connect(config *rest.Config) (*Cluster, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	dynamicClient, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	kinds, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	if _, err := kinds.ServerVersion(); err != nil {
		return nil, fmt.Errorf("the API server at %s does not answer: %w", config.Host, err)
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(kinds))
	return &Cluster{Client: client, config: config, dynamic: dynamicClient, mapper: mapper}, nil
}
