// Package labels is the one place where a label key or value is spelled.
package labels

import "strings"

// App is the key of the one label that selectors use. Everything else may
// change from release to release; a selector may not.
const App = "app"

// The recommended label keys of Kubernetes, which tools group objects by; see
// https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/.
const (
	Name      = "app.kubernetes.io/name"
	Instance  = "app.kubernetes.io/instance"
	Component = "app.kubernetes.io/component"
	PartOf    = "app.kubernetes.io/part-of"
	ManagedBy = "app.kubernetes.io/managed-by"
)

// Part is a role in an application: which program plays it, and as what.
type Part struct{ program, component string }

// Component returns the value of the label [Component] of objects that play p.
func (p Part) Component() string { return p.component }

// The parts that this library's objects play.
var (
	Web         = Part{"django", "web"}
	Database    = Part{"postgresql", "database"}
	Credentials = Part{"django", "credentials"}
	Migration   = Part{"django", "migration"}
	Worker      = Part{"django", "worker"}
	Beat        = Part{"django", "beat"}
	Command     = Part{"django", "command"}
	Broker      = Part{"valkey", "broker"}
	Media       = Part{"django", "media"}
	Process     = Part{"django", "process"}
	Route       = Part{"django", "route"}
	Monitoring  = Part{"prometheus", "monitoring"}
	Isolation   = Part{"kubernetes", "isolation"}
	Backup      = Part{"postgresql", "backup"}
	Restore     = Part{"postgresql", "restore"}
	Drill       = Part{"postgresql", "drill"}
	Rotation    = Part{"postgresql", "rotation"}
	Argo        = Part{"argocd", "delivery"}
	Flux        = Part{"flux", "delivery"}
)

// Manager is the value of [ManagedBy] on every object.
const Manager = "cdk8s"

// Pod Security admission; see
// https://kubernetes.io/docs/concepts/security/pod-security-admission/.
const (
	PodSecurityEnforce = "pod-security.kubernetes.io/enforce"
	PodSecurityAudit   = "pod-security.kubernetes.io/audit"
	PodSecurityWarn    = "pod-security.kubernetes.io/warn"
)

// KeepData returns the annotations by which tools leave an object alone that is
// not in the manifests any more, because its loss cannot be undone. Each tool
// ignores those of the others.
//
//   - Argo CD: Prune=false alone does not stop the deletion of the whole
//     Application (https://github.com/argoproj/argo-cd/issues/9853). A version
//     before 2.14 would take the value "confirm" for none, and prune.
//   - Flux: https://fluxcd.io/flux/components/kustomize/kustomizations/#prune
//   - kapp: https://carvel.dev/kapp/docs/v0.64.x/apply/#kappk14siodelete-strategy
func KeepData() map[string]string {
	return map[string]string{
		"argocd.argoproj.io/sync-options":   "Prune=false,Delete=false",
		"kustomize.toolkit.fluxcd.io/prune": "disabled",
		"kapp.k14s.io/delete-strategy":      "orphan",
	}
}

// ArgoWave is the annotation with the wave in which Argo CD applies an object,
// a whole number; see https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/.
const ArgoWave = "argocd.argoproj.io/sync-wave"

// ArgoHook is the annotation by which Argo CD applies an object at another time
// than the rest, and leaves it out otherwise; see
// https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/.
const ArgoHook = "argocd.argoproj.io/hook"

// KappGroup is the annotation by which kapp puts an object into a group, and
// KappRule that by which an object waits for one; see
// https://carvel.dev/kapp/docs/v0.64.x/apply-ordering/.
const (
	KappGroup = "kapp.k14s.io/change-group"
	KappRule  = "kapp.k14s.io/change-rule"
)

// FluxApply is the annotation by which Flux leaves the fields alone that others
// have added to an object, and FluxMerge its value; see
// https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources.
const (
	FluxApply = "kustomize.toolkit.fluxcd.io/ssa"
	FluxMerge = "Merge"
)

// KappUpdate is the annotation by which kapp makes an object and does not change
// it later, and KappSkip its value. Otherwise it takes away the keys that others
// have added to a Secret; see
// https://carvel.dev/kapp/docs/v0.64.x/apply/#kappk14sioupdate-strategy.
const (
	KappUpdate = "kapp.k14s.io/update-strategy"
	KappSkip   = "skip"
)

// FluxSubstitute is the annotation, with the value "disabled", by which Flux
// leaves "${" in an object alone; see
// https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution.
const FluxSubstitute = "kustomize.toolkit.fluxcd.io/substitute"

// The annotations by which an Ingress asks cert-manager for a certificate; see
// https://cert-manager.io/docs/usage/ingress/.
const (
	ClusterIssuer = "cert-manager.io/cluster-issuer"
	Issuer        = "cert-manager.io/issuer"
)

// HTTP01Solver is the label, with the value "true", of the pods by which
// cert-manager answers the HTTP-01 challenges of a certificate, and
// HTTP01SolverPort the TCP port that they listen on. They run in the namespace
// of the certificate; see
// https://cert-manager.io/docs/installation/best-practice/#network-requirements-and-network-policy.
const (
	HTTP01Solver     = "acme.cert-manager.io/http01-solver"
	HTTP01SolverPort = 8089
)

// IngressClass is the annotation that named the class of an Ingress before
// ingressClassName did.
const IngressClass = "kubernetes.io/ingress.class"

// The annotations by which Prometheus finds what to ask where it has no
// operator; see
// https://github.com/prometheus-community/helm-charts/tree/main/charts/prometheus#scraping-pod-metrics-via-annotations.
const (
	PrometheusScrape = "prometheus.io/scrape"
	PrometheusPort   = "prometheus.io/port"
	PrometheusPath   = "prometheus.io/path"
)

// NamespaceName is the label that Kubernetes gives every namespace, with its
// name as the value; see
// https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name.
const NamespaceName = "kubernetes.io/metadata.name"

// DNSNamespace is where the cluster's DNS servers run, and DNSKey and DNSValue
// are the label of their pods, CoreDNS's too; see
// https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/.
const (
	DNSNamespace = "kube-system"
	DNSKey       = "k8s-app"
	DNSValue     = "kube-dns"
)

// MetricsPort names the port that Prometheus asks.
const MetricsPort = "metrics"

// Selector returns the labels that select the pods of the workload called
// name, and no other. A Deployment's selector is immutable, so nothing is ever
// added here.
func Selector(name string) map[string]string {
	return map[string]string{App: name}
}

// Object returns the labels of the object called name, which plays part in the
// application partOf. They hold those of [Selector].
func Object(name string, part Part, partOf string) map[string]string {
	l := Selector(name)
	l[Name] = part.program
	l[Instance] = name
	l[Component] = part.component
	l[PartOf] = partOf
	l[ManagedBy] = Manager
	return l
}

// Reserved reports whether a label is one that this library sets.
func Reserved(key string) bool {
	return key == App || strings.HasPrefix(key, "app.kubernetes.io/")
}

// RootCertificate is the ConfigMap by which Kubernetes shows every namespace the
// certificate of the API server; see
// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-token-volume.
const RootCertificate = "kube-root-ca.crt"

// MaxCronJobName is the length of the longest name of a CronJob: the names of
// its Jobs are made of it; see
// https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#writing-a-cronjob-spec.
const MaxCronJobName = 52

// JobName is the label of a pod with the name of its Job; see
// https://kubernetes.io/docs/reference/labels-annotations-taints/#batch-kubernetes-io-job-name.
const JobName = "batch.kubernetes.io/job-name"

// Domain is the prefix of the annotations and labels of this library alone.
const Domain = "django-cdk8s.example.com"

// GeneratedKeys is the annotation of a Secret with the keys, separated by
// commas, that the cluster adds to those in its manifest.
const GeneratedKeys = Domain + "/generated-keys"

// PostgresMajor is the annotation of a claim with the major version of the
// PostgreSQL whose data it holds.
const PostgresMajor = Domain + "/postgresql-major"

// BackupClaim is the label of pods that mount the claim of backups, with its name
// as the value. They keep to one node while more than one of them runs.
const BackupClaim = Domain + "/backup-claim"

// SecretValues is the annotation of the pods of a Deployment with a digest of the
// values in the manifests of the Secrets that they read. Other values make other
// pods.
const SecretValues = Domain + "/secret-values"

// ReloadSecret is the annotation of a workload by which Reloader restarts it when
// one of the Secrets has changed whose names it holds, separated by commas; see
// https://docs.stakater.com/reloader/1.4/reference/annotations.html.
const ReloadSecret = "secret.reloader.stakater.com/reload"
