package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/argoproj/argo-cd/v3/common"
	"github.com/argoproj/argo-cd/v3/controller"
	"github.com/argoproj/argo-cd/v3/controller/sharding"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	apps "github.com/argoproj/argo-cd/v3/pkg/client/clientset/versioned/fake"
	applications "github.com/argoproj/argo-cd/v3/pkg/client/clientset/versioned/typed/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/argo"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	"github.com/argoproj/argo-cd/v3/util/cache"
	"github.com/argoproj/argo-cd/v3/util/cache/appstate"
	kubeutil "github.com/argoproj/argo-cd/v3/util/kube"
	argosettings "github.com/argoproj/argo-cd/v3/util/settings"
	"github.com/argoproj/gitops-engine/pkg/health"
	synccommon "github.com/argoproj/gitops-engine/pkg/sync/common"
	log "github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

// argocd is the namespace of Argo CD's own objects, and what a label of theirs
// says that they are part of.
const argocd = "argocd"

// interval is how often the Application is looked at.
const interval = 100 * time.Millisecond

// settings says what to sync.
type settings struct {
	dir, app, namespace string
	prune, serverSide   bool
	timeout             time.Duration
}

// Report says what Argo CD found, did, and found then.
type Report struct {
	// Before lists the objects that were out of sync, such as
	// "Deployment/django".
	Before []string

	// Steps are the sets of objects that were synced together, in order.
	Steps []Step

	// Pruned and Kept list what had left the directory: deleted, or spared.
	Pruned, Kept []string

	// Sync and Health are those of the Application in the end.
	Sync   v1alpha1.SyncStatusCode
	Health health.HealthStatusCode

	// Objects are those of the Application in the end.
	Objects []Object

	// Conditions are what the Application warns of.
	Conditions []string
}

// Step is a set of objects that were synced together.
type Step struct {
	Wave    int64
	Objects []string
}

// Object is one object of the Application.
type Object struct {
	Name    string // Such as "Deployment/django".
	Wave    int64
	Sync    v1alpha1.SyncStatusCode
	Health  health.HealthStatusCode
	Message string // Of the last sync.
}

// sync does what a person does with "argocd app create", "argocd app sync" and
// "argocd app wait". The report says how far it came.
func (s settings) sync(ctx context.Context) (*Report, error) {
	clients := apps.NewSimpleClientset(s.application(), &v1alpha1.AppProject{
		ObjectMeta: metav1.ObjectMeta{Namespace: argocd, Name: v1alpha1.DefaultAppProjectName},
		Spec: v1alpha1.AppProjectSpec{
			SourceRepos:              []string{"*"},
			Destinations:             []v1alpha1.ApplicationDestination{{Server: "*", Namespace: "*"}},
			ClusterResourceWhitelist: []metav1.GroupKind{{Group: "*", Kind: "*"}},
		},
	})
	if err := start(ctx, clients, directory{path: s.dir}); err != nil {
		return nil, err
	}
	w := &watch{app: s.app, client: clients.ArgoprojV1alpha1().Applications(argocd)}
	report := &Report{}

	app, err := w.until(ctx, "it is compared", func(app *v1alpha1.Application) bool {
		return app.Status.ReconciledAt != nil && app.Status.Sync.Status != ""
	})
	if err != nil {
		return nil, err
	}
	report.Before = outOfSync(app)

	app.Operation = &v1alpha1.Operation{Sync: &v1alpha1.SyncOperation{Prune: s.prune, Revision: revision}}
	if s.serverSide {
		app.Operation.Sync.SyncOptions = v1alpha1.SyncOptions{"ServerSideApply=true"}
	}
	if _, err := w.client.Update(ctx, app, metav1.UpdateOptions{}); err != nil {
		return nil, err
	}
	app, err = w.until(ctx, "it is synced", func(app *v1alpha1.Application) bool {
		report.follow(app)
		return app.Status.OperationState != nil && app.Status.OperationState.Phase.Completed()
	})
	if err != nil {
		return report, err
	}
	report.result(app)
	if state := app.Status.OperationState; state.Phase != synccommon.OperationSucceeded {
		return report, fmt.Errorf("the sync has %s: %s", state.Phase, state.Message)
	}

	// What it says now may be from before the sync.
	metav1.SetMetaDataAnnotation(&app.ObjectMeta, v1alpha1.AnnotationKeyRefresh, string(v1alpha1.RefreshTypeNormal))
	if _, err := w.client.Update(ctx, app, metav1.UpdateOptions{}); err != nil {
		return report, err
	}
	_, err = w.until(ctx, "it is healthy", func(app *v1alpha1.Application) bool {
		_, waits := app.IsRefreshRequested()
		report.result(app)
		return !waits && app.Status.Health.Status == health.HealthStatusHealthy
	})
	return report, err
}

// application is the Application of a directory of plain manifests.
func (s settings) application() *v1alpha1.Application {
	app := &v1alpha1.Application{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.SchemeGroupVersion.String(), Kind: "Application"},
		ObjectMeta: metav1.ObjectMeta{Namespace: argocd, Name: s.app, UID: "1"},
		Spec: v1alpha1.ApplicationSpec{
			Project: v1alpha1.DefaultAppProjectName,
			Source: &v1alpha1.ApplicationSource{
				RepoURL: "https://git.example.com/app.git", Path: "dist", TargetRevision: "main",
			},
			Destination: v1alpha1.ApplicationDestination{
				Server: v1alpha1.KubernetesInternalAPIServerAddr, Namespace: s.namespace,
			},
		},
	}
	if s.serverSide {
		app.Spec.SyncPolicy = &v1alpha1.SyncPolicy{SyncOptions: v1alpha1.SyncOptions{"ServerSideApply=true"}}
	}
	return app
}

// start starts the application controller with the defaults of Argo CD's own
// command, where it has not to be quicker.
func start(ctx context.Context, clients *apps.Clientset, repository directory) error {
	part := map[string]string{"app.kubernetes.io/part-of": argocd}
	own := fake.NewClientset(
		&corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: argocd, Name: common.ArgoCDConfigMapName, Labels: part},
		},
		&corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: argocd, Name: common.ArgoCDSecretName, Labels: part},
			Data:       map[string][]byte{"server.secretkey": []byte("none")},
		},
	)
	manager := argosettings.NewSettingsManager(ctx, own, argocd)
	shards, err := sharding.GetClusterSharding(own, manager, common.DefaultShardingAlgorithm, false)
	if err != nil {
		return err
	}
	state := appstate.NewCache(cache.NewCache(cache.NewInMemoryCache(time.Hour)), time.Hour)
	const resync, second, perHealth = time.Hour, time.Second, true
	c, err := controller.NewApplicationController(
		argocd, manager, own, clients, repository, nil, state, kubeutil.NewKubectl(),
		resync, resync, 0, second, nil, second, 0, second,
		0, 0, nil, nil, nil, 20, perHealth, shards, nil, nil, false, false,
		normalizers.IgnoreNormalizerOpts{JQExecutionTimeout: normalizers.DefaultJQExecutionTimeout},
		argo.DefaultEnableEventList(), false)
	if err != nil {
		return err
	}
	go c.Run(ctx, 2, 2)
	return nil
}

// watch looks at an Application.
type watch struct {
	app     string
	client  applications.ApplicationInterface
	message string
}

// until returns the Application as soon as it is so.
func (w *watch) until(
	ctx context.Context, what string, so func(*v1alpha1.Application) bool,
) (*v1alpha1.Application, error) {
	for {
		app, err := w.client.Get(ctx, w.app, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		if so(app) {
			return app, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("application %s: not until %s: sync %s, health %s, %v: %w",
				w.app, what, app.Status.Sync.Status, app.Status.Health.Status, app.Status.Conditions, context.Cause(ctx))
		case <-time.After(interval):
		}
	}
}

// follow adds what has been synced since it was called last.
func (r *Report) follow(app *v1alpha1.Application) {
	if app.Status.OperationState == nil || app.Status.OperationState.SyncResult == nil {
		return
	}
	known := map[string]bool{}
	for _, step := range r.Steps {
		for _, object := range step.Objects {
			known[object] = true
		}
	}
	waves := map[int64][]string{}
	for _, resource := range app.Status.OperationState.SyncResult.Resources {
		name := resource.Kind + "/" + resource.Name
		if resource.Status == synccommon.ResultCodeSynced && !known[name] {
			wave := waveOf(app, resource)
			waves[wave] = append(waves[wave], name)
		}
	}
	for wave, objects := range waves {
		r.Steps = append(r.Steps, Step{Wave: wave, Objects: objects})
		log.Infof("wave %d: %v", wave, objects)
	}
}

// waveOf returns the wave of an object of the Application.
func waveOf(app *v1alpha1.Application, of *v1alpha1.ResourceResult) int64 {
	for _, resource := range app.Status.Resources {
		// A result has a namespace even if the object has none.
		namespaces := []string{"", of.Namespace}
		if resource.Group == of.Group && resource.Kind == of.Kind && resource.Name == of.Name &&
			slices.Contains(namespaces, resource.Namespace) {
			return resource.SyncWave
		}
	}
	return 0
}

// result sets what the Application says of itself and its objects.
func (r *Report) result(app *v1alpha1.Application) {
	r.Sync, r.Health = app.Status.Sync.Status, app.Status.Health.Status
	r.Objects, r.Pruned, r.Kept, r.Conditions = nil, nil, nil, nil
	messages := map[string]string{}
	for _, resource := range app.Status.OperationState.SyncResult.Resources {
		name := resource.Kind + "/" + resource.Name
		messages[name] = resource.Message
		switch resource.Status {
		case synccommon.ResultCodePruned:
			r.Pruned = append(r.Pruned, name)
		case synccommon.ResultCodePruneSkipped:
			r.Kept = append(r.Kept, name)
		}
	}
	for _, resource := range app.Status.Resources {
		name := resource.Kind + "/" + resource.Name
		object := Object{Name: name, Wave: resource.SyncWave, Sync: resource.Status, Message: messages[name]}
		if resource.Health != nil {
			object.Health = resource.Health.Status
		}
		r.Objects = append(r.Objects, object)
	}
	slices.SortFunc(r.Objects, func(a, b Object) int { return cmp.Compare(a.Name, b.Name) })
	for _, condition := range app.Status.Conditions {
		r.Conditions = append(r.Conditions, condition.Type+": "+condition.Message)
	}
}

// outOfSync lists the objects that are.
func outOfSync(app *v1alpha1.Application) []string {
	var names []string
	for _, resource := range app.Status.Resources {
		if resource.Status == v1alpha1.SyncStatusCodeOutOfSync {
			names = append(names, resource.Kind+"/"+resource.Name)
		}
	}
	return names
}
