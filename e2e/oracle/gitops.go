package oracle

import (
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	"pgregory.net/rapid"

	"example.com/django-cdk8s/constructs/argocd"
	"example.com/django-cdk8s/constructs/flux"
)

// delivery is by which GitOps tools find manifests.
type delivery struct {
	application    *argocd.ApplicationProps
	appProject     *argocd.AppProjectProps
	applicationSet *argocd.ApplicationSetProps
	gitRepository  *flux.GitRepositoryProps
	kustomization  *flux.KustomizationProps
}

// Stand-ins for constructs.
var (
	aRepository    = new(flux.GitRepository)
	aKustomization = new(flux.Kustomization)
)

var (
	httpsURL     = pattern(`https://[g-w][a-z0-9]{0,9}\.example(:[1-9][0-9]{1,3})?(/[a-z0-9][a-z0-9._-]{0,9}){1,3}`)
	sshURL       = pattern(`ssh://git@[g-w][a-z0-9]{0,9}\.example(:[1-9][0-9]{1,3})?(/[a-z0-9][a-z0-9_-]{0,9}){1,3}`)
	shortURL     = pattern(`git@[g-w][a-z0-9]{0,9}\.example:[a-z0-9]{1,9}/[a-z0-9]{1,9}\.git`)
	gitURL       = rapid.OneOf(httpsURL, sshURL, shortURL)
	revision     = pattern(`[a-z0-9]{1,9}([./-][a-z0-9]{1,9}){0,3}[a-z0-9]k`)
	serverURL    = pattern(`https://[a-z0-9]{1,9}\.example(:[1-9][0-9]{1,3})?`)
	apiGroup     = pattern(`[a-z]{1,9}(\.[a-z]{1,9}){0,3}`)
	kindName     = pattern(`[A-Z][a-z]{1,9}([A-Z][a-z]{1,9})?`)
	pointer      = pattern(`(/[a-zA-Z0-9]{1,9}){1,4}`)
	expression   = pattern(`(\.[a-zA-Z]{1,9}(\[\])?){1,4}`)
	wildcard     = pattern(`\*|[a-z]{1,9}-\*|[a-z]{1,9}`)
	options      = rapid.SampledFrom([]string{"FailOnSharedResource=true", "ServerSideApply=true", "CreateNamespace=true"})
	versionRange = rapid.SampledFrom([]string{"4.x", ">=4.2.0 <5.0.0", "~1.2", "^2", "1.2.3 || >2.0.0-0"})
	commits      = pattern(`[0-9a-f]{40}`)
)

func drawDestination(d drawer, namespace *rapid.Generator[string]) argocd.Destination {
	p := argocd.Destination{
		Server: field(d, "Server", serverURL, anything), Cluster: field(d, "Cluster", short, anything),
		Namespace: field(d, "Namespace", namespace, anything),
	}
	if d.tame() && p.Server != "" {
		p.Cluster = ""
	}
	return p
}

func drawDifference(d drawer) argocd.Difference {
	p := argocd.Difference{
		Group: field(d, "Group", apiGroup, anything), Kind: required(d, "Kind", kindName, anything),
		Name: field(d, "Name", dnsName, anything), Namespace: field(d, "Namespace", short, anything),
		Pointers:    field(d, "Pointers", some(pointer), wildList),
		Expressions: field(d, "Expressions", some(expression), wildList),
		Managers:    field(d, "Managers", some(short), wildList),
	}
	if d.tame() && len(p.Expressions)+len(p.Managers) == 0 {
		p.Pointers = []string{"/spec/replicas"}
	}
	return p
}

func drawApplication(d drawer) argocd.ApplicationProps {
	return argocd.ApplicationProps{
		Name: required(d, "Name", short, anything), Project: field(d, "Project", label, anything),
		Repository: required(d, "Repository", gitURL, anything), Revision: field(d, "Revision", revision, anything),
		Path: required(d, "Path", below, anything), Destination: drawDestination(d.of("Destination"), short),
		Manual: d.flag("Manual"), NoPrune: d.flag("NoPrune"), Cascade: d.flag("Cascade"),
		Retries:           field(d, "Retries", rapid.IntRange(1, 100), number),
		SyncOptions:       field(d, "SyncOptions", some(options), wildList),
		IgnoreDifferences: elements(d, "IgnoreDifferences", drawDifference),
	}
}

func drawAppProject(d drawer) argocd.AppProjectProps {
	p := argocd.AppProjectProps{
		Name: required(d, "Name", label, anything), Description: field(d, "Description", pattern(`[ -~]{0,40}`), anything),
		Repositories: required(d, "Repositories", some(gitURL), wildList),
		ClusterKinds: elements(d, "ClusterKinds", func(d drawer) argocd.Kind {
			return argocd.Kind{Group: field(d, "Group", apiGroup, anything), Kind: required(d, "Kind", kindName, anything)}
		}),
		IgnoredOrphans: elements(d, "IgnoredOrphans", func(d drawer) argocd.Orphan {
			return argocd.Orphan{
				Group: field(d, "Group", apiGroup, anything), Kind: required(d, "Kind", kindName, anything),
				Name: field(d, "Name", wildcard, anything),
			}
		}),
		NoOrphanWarning: d.flag("NoOrphanWarning"),
	}
	if !d.chance("Destinations", d.wild) {
		one := drawDestination(d.of("Destinations"), wildcard)
		if d.tame() && one.Namespace == "" {
			one.Namespace = "*"
		}
		p.Destinations = []argocd.Destination{one}
	}
	return p
}

func drawApplicationSet(d drawer) argocd.ApplicationSetProps {
	p := argocd.ApplicationSetProps{
		Name: required(d, "Name", short, anything), Application: drawApplication(d.of("Application")),
		Environments: elements(d, "Environments", func(d drawer) argocd.Environment {
			return argocd.Environment{
				Name: required(d, "Name", short, anything), Path: field(d, "Path", below, anything),
				Destination: drawDestination(d.of("Destination"), short),
			}
		}),
	}
	if !d.tame() {
		return p
	}
	seen := map[string]bool{}
	var different []argocd.Environment
	for _, one := range append(p.Environments, argocd.Environment{Name: "live"}) {
		if !seen[one.Name] && !seen[one.Path] && one.Path != p.Application.Path {
			different = append(different, one)
		}
		seen[one.Name], seen[one.Path] = true, one.Path != ""
	}
	p.Environments = different
	return p
}

func drawGitRepository(d drawer) flux.GitRepositoryProps {
	p := flux.GitRepositoryProps{
		Name: required(d, "Name", label, anything), URL: required(d, "URL", rapid.OneOf(httpsURL, sshURL), anything),
		IntervalSeconds: field(d, "IntervalSeconds", rapid.IntRange(10, 3600), number),
		SecretName:      field(d, "SecretName", dnsName, anything), Suspend: d.flag("Suspend"),
	}
	if d.tame() && p.SecretName == "" {
		p.SecretName = "deploy-key"
	}
	for _, one := range []struct {
		name string
		to   *string
		tame *rapid.Generator[string]
	}{
		{"Branch", &p.Branch, revision},
		{"Tag", &p.Tag, revision},
		{"SemVer", &p.SemVer, versionRange},
		{"Commit", &p.Commit, commits},
	} {
		if *one.to = field(d, one.name, one.tame, anything); *one.to != "" && d.tame() {
			break
		}
	}
	return p
}

func drawKustomization(d drawer) flux.KustomizationProps {
	p := flux.KustomizationProps{
		Name: required(d, "Name", short, anything), Path: required(d, "Path", below, anything),
		IntervalMinutes:          field(d, "IntervalMinutes", rapid.IntRange(1, 1440), number),
		RetrySeconds:             field(d, "RetrySeconds", rapid.IntRange(10, 3600), number),
		MigrationDeadlineSeconds: field(d, "MigrationDeadlineSeconds", rapid.IntRange(1, 7200), number),
		TimeoutMinutes:           field(d, "TimeoutMinutes", rapid.IntRange(121, 20000), number),
		NoWait:                   d.flag("NoWait"), NoPrune: d.flag("NoPrune"),
		Cascade: d.flag("Cascade"), Suspend: d.flag("Suspend"),
		TargetNamespace: field(d, "TargetNamespace", short, anything),
		ServiceAccount:  field(d, "ServiceAccount", dnsName, anything),
	}
	if !d.chance("Source", d.wild) {
		p.Source = aRepository
	}
	if d.flag("DependsOn") {
		p.DependsOn = []*flux.Kustomization{aKustomization}
	}
	return p
}

// drawDelivery draws the objects of GitOps tools.
func (s *system) drawDelivery(of func(part string) drawer, with func(part string, needed ...string) bool) {
	if drawn := drawApplication(of("application")); with("application") {
		s.delivery.application = &drawn
	}
	if drawn := drawAppProject(of("appProject")); with("appProject") {
		s.delivery.appProject = &drawn
	}
	if drawn := drawApplicationSet(of("applicationSet")); with("applicationSet") {
		s.delivery.applicationSet = &drawn
	}
	if drawn := drawGitRepository(of("gitRepository")); with("gitRepository", "kustomization") {
		s.delivery.gitRepository = &drawn
	}
	if drawn := drawKustomization(of("kustomization")); s.delivery.gitRepository != nil && with("kustomization") {
		s.delivery.kustomization = &drawn
	}
}

// build adds the objects of GitOps tools to a chart.
func (d delivery) build(chart cdk8s.Chart) {
	if d.application != nil {
		argocd.NewApplication(chart, "application", *d.application)
	}
	if d.appProject != nil {
		argocd.NewAppProject(chart, "app-project", *d.appProject)
	}
	if d.applicationSet != nil {
		argocd.NewApplicationSet(chart, "application-set", *d.applicationSet)
	}
	if d.gitRepository == nil {
		return
	}
	repository := flux.NewGitRepository(chart, "git-repository", *d.gitRepository)
	if d.kustomization == nil {
		return
	}
	props := *d.kustomization
	if props.Source != nil {
		props.Source = repository
	}
	if len(props.DependsOn) > 0 {
		props.DependsOn = []*flux.Kustomization{flux.NewKustomization(chart, "kustomization-before", flux.KustomizationProps{
			Name: "applied-before-others", Source: repository, Path: "before",
		})}
	}
	flux.NewKustomization(chart, "kustomization", props)
}
