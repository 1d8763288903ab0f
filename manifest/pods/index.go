package pods

import (
	"slices"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// Index finds pods by their labels. The zero value is empty and ready to use.
type Index struct {
	labels     []labels.Set
	namespaces map[string][]int
	byLabel    map[label][]int
}

type label struct{ namespace, key, value string }

// Add adds the pods of one workload. The first call adds number 0, the second
// one number 1, and so on.
func (x *Index) Add(namespace string, set labels.Set) {
	if x.namespaces == nil {
		x.namespaces, x.byLabel = map[string][]int{}, map[label][]int{}
	}
	n := len(x.labels)
	x.labels = append(x.labels, set)
	x.namespaces[namespace] = append(x.namespaces[namespace], n)
	for key, value := range set {
		l := label{namespace, key, value}
		x.byLabel[l] = append(x.byLabel[l], n)
	}
}

// In returns the numbers of the workloads in namespace.
func (x *Index) In(namespace string) []int { return x.namespaces[namespace] }

// Select returns the numbers of the workloads in namespace whose pods selector
// matches, in ascending order.
func (x *Index) Select(namespace string, selector labels.Selector) []int {
	var found []int
	for _, n := range x.candidates(namespace, selector) {
		if selector.Matches(x.labels[n]) {
			found = append(found, n)
		}
	}
	return found
}

// equality are the operators by which a label has one of some values.
var equality = []selection.Operator{selection.Equals, selection.DoubleEquals, selection.In}

// candidates returns the workloads that selector may match: those with one of
// the labels that it asks for, where it asks for any.
func (x *Index) candidates(namespace string, selector labels.Selector) []int {
	all := x.namespaces[namespace]
	requirements, _ := selector.Requirements()
	for _, r := range requirements {
		values := r.ValuesUnsorted()
		if !slices.Contains(equality, r.Operator()) || len(values) != 1 {
			continue
		}
		if with := x.byLabel[label{namespace, r.Key(), values[0]}]; len(with) < len(all) {
			all = with
		}
	}
	return all
}
