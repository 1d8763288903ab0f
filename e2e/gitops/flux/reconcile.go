package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling"
	"github.com/fluxcd/cli-utils/pkg/kstatus/polling/engine"
	"github.com/fluxcd/cli-utils/pkg/object"
	"github.com/fluxcd/pkg/runtime/statusreaders"
	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/normalize"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// What the kustomize-controller calls itself and its annotations.
const (
	controller    = "kustomize-controller"
	group         = "kustomize.toolkit.fluxcd.io"
	fluxNamespace = "flux-system"
)

// interval is how often the readiness of objects is looked at.
const interval = time.Second

// settings says what to apply.
type settings struct {
	dir, name, inventory string
	timeout              time.Duration
}

// Report says what Flux did and found. Objects are named such as
// "Deployment/django-app/django".
type Report struct {
	// Applied are the objects, in Flux's order, with what happened to each:
	// created, configured, unchanged or skipped.
	Applied []Entry

	// Pruned are the objects that had left the directory: deleted or skipped.
	Pruned []Entry

	// Ready is set when every object became ready.
	Ready bool

	// Drift are the objects that Flux would change again.
	Drift []Entry
}

// Entry is an object and what happened to it.
type Entry struct {
	Object string
	Action ssa.Action
}

// reconcile does what the controller does when there is a new revision. The
// report says how far it came.
func (s settings) reconcile(ctx context.Context) (*Report, error) {
	objects, err := s.build(ctx)
	if err != nil {
		return nil, err
	}
	manager, err := newManager()
	if err != nil {
		return nil, err
	}
	manager.SetOwnerLabels(objects, s.name, fluxNamespace)
	if err := normalize.UnstructuredList(objects); err != nil {
		return nil, err
	}
	report := &Report{}

	applied, err := manager.ApplyAllStaged(ctx, objects, applyOptions())
	report.Applied = entries(applied)
	if err != nil {
		return report, err
	}
	report.Pruned, err = s.prune(ctx, manager, objects)
	if err != nil {
		return report, err
	}
	deadline, _ := ctx.Deadline()
	err = manager.WaitForSetWithContext(ctx, applied.ToObjMetadataSet(), ssa.WaitOptions{
		Interval: interval, Timeout: time.Until(deadline), FailFast: true,
	})
	if err != nil {
		return report, err
	}
	report.Ready = true

	for _, wanted := range objects {
		entry, _, _, err := manager.Diff(ctx, wanted.DeepCopy(), ssa.DiffOptions{
			Exclusions: applyOptions().ExclusionSelector, IfNotPresentSelector: applyOptions().IfNotPresentSelector,
		})
		if err != nil {
			return report, err
		}
		if entry.Action != ssa.UnchangedAction && entry.Action != ssa.SkippedAction {
			report.Drift = append(report.Drift, Entry{entry.Subject, entry.Action})
		}
	}
	return report, nil
}

// newManager returns Flux's manager of objects for the cluster.
func newManager() (*ssa.ResourceManager, error) {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(), nil).ClientConfig()
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	cluster, err := client.New(config, client.Options{})
	if err != nil {
		return nil, err
	}
	jobs := statusreaders.NewCustomJobStatusReader(cluster.RESTMapper())
	poller := polling.NewStatusPoller(cluster, cluster.RESTMapper(), polling.Options{
		CustomStatusReaders: []engine.StatusReader{jobs},
	})
	return ssa.NewResourceManager(cluster, poller, ssa.Owner{Field: controller, Group: group}), nil
}

// applyOptions are those of the controller.
func applyOptions() ssa.ApplyOptions {
	options := ssa.DefaultApplyOptions()
	options.WaitInterval = interval
	options.ExclusionSelector = map[string]string{group + "/reconcile": "disabled", group + "/ssa": "Ignore"}
	options.IfNotPresentSelector = map[string]string{group + "/ssa": "IfNotPresent"}
	options.ForceSelector = map[string]string{group + "/force": "enabled"}
	options.Cleanup = ssa.ApplyCleanupOptions{
		Annotations: []string{corev1.LastAppliedConfigAnnotation},
		FieldManagers: []ssa.FieldManager{
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationApply},
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationUpdate},
			{Name: "before-first-apply", OperationType: metav1.ManagedFieldsOperationUpdate},
			{Name: controller, OperationType: metav1.ManagedFieldsOperationUpdate},
		},
		Exclusions: map[string]string{group + "/ssa": "Merge"},
	}
	return options
}

// prune deletes the objects of the run before that are none of objects, and
// keeps these for the next run.
func (s settings) prune(
	ctx context.Context, manager *ssa.ResourceManager, objects []*unstructured.Unstructured,
) ([]Entry, error) {
	var before []*unstructured.Unstructured
	content, err := os.ReadFile(s.inventory)
	if err == nil {
		err = json.Unmarshal(content, &before)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", s.inventory, err)
	}
	now := map[object.ObjMetadata]bool{}
	for _, o := range objects {
		now[object.UnstructuredToObjMetadata(o)] = true
	}
	var stale []*unstructured.Unstructured
	for _, o := range before {
		if !now[object.UnstructuredToObjMetadata(o)] {
			stale = append(stale, o)
		}
	}
	deleted, err := manager.DeleteAll(ctx, stale, ssa.DeleteOptions{
		PropagationPolicy: metav1.DeletePropagationBackground,
		Inclusions:        manager.GetOwnerLabels(s.name, fluxNamespace),
		Exclusions:        map[string]string{group + "/prune": "disabled", group + "/reconcile": "disabled"},
	})
	if err != nil {
		return entries(deleted), err
	}
	var kept []*unstructured.Unstructured
	for _, o := range objects {
		reference := &unstructured.Unstructured{}
		reference.SetGroupVersionKind(o.GroupVersionKind())
		reference.SetNamespace(o.GetNamespace())
		reference.SetName(o.GetName())
		kept = append(kept, reference)
	}
	if content, err = json.Marshal(kept); err != nil {
		return entries(deleted), err
	}
	return entries(deleted), os.WriteFile(s.inventory, content, 0o600)
}

func entries(set *ssa.ChangeSet) []Entry {
	var list []Entry
	if set != nil {
		for _, entry := range set.Entries {
			list = append(list, Entry{entry.Subject, entry.Action})
		}
	}
	return list
}
