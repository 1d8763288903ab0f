package argocd_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/argocd"
	"example.com/django-cdk8s/constructs/gitops"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/definitions"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

const repository = "https://git.example.com/team/shop.git"

func minimal() argocd.ApplicationProps {
	return argocd.ApplicationProps{Name: "shop", Repository: repository, Path: "dist/production"}
}

func full() argocd.ApplicationProps {
	return argocd.ApplicationProps{
		Name: "shop-production", Project: "shop", Repository: "git@git.example.com:team/shop.git", Revision: "release/4.2",
		Path: "deploy/production", Destination: argocd.Destination{Cluster: "frankfurt", Namespace: "shop-production"},
		Manual: true, NoPrune: true, Retries: 2, SyncOptions: []string{"FailOnSharedResource=true", "CreateNamespace=true"},
		IgnoreDifferences: []argocd.Difference{{
			Group: "apps", Kind: "Deployment", Name: "web", Namespace: "shop-production",
			Pointers: []string{"/spec/replicas"}, Expressions: []string{".spec.template.metadata.annotations"},
			Managers: []string{"kube-controller-manager"},
		}},
		Cascade: true,
	}
}

func minimalProject() argocd.AppProjectProps {
	return argocd.AppProjectProps{
		Name: "shop", Repositories: []string{repository}, Destinations: []argocd.Destination{{Namespace: "shop-*"}},
	}
}

func fullProject() argocd.AppProjectProps {
	return argocd.AppProjectProps{
		Name: "store", Description: "The shop, in every environment.",
		Repositories: []string{repository, "ssh://git@git.example.com:2222/team/shop.git"},
		Destinations: []argocd.Destination{
			{Namespace: "shop-staging"},
			{Server: "https://api.example.com:6443", Namespace: "shop-production"},
			{Cluster: "frankfurt", Namespace: "*"},
		},
		ClusterKinds:    []argocd.Kind{{Kind: "Namespace"}, {Group: "scheduling.k8s.io", Kind: "PriorityClass"}},
		IgnoredOrphans:  []argocd.Orphan{{Kind: "Secret", Name: "*-tls"}, {Group: "batch", Kind: "Job"}},
		NoOrphanWarning: true,
	}
}

func minimalSet() argocd.ApplicationSetProps {
	return argocd.ApplicationSetProps{
		Name: "shop", Environments: []argocd.Environment{{Name: "staging"}, {Name: "production"}},
		Application: argocd.ApplicationProps{Repository: repository, Path: "dist"},
	}
}

func fullSet() argocd.ApplicationSetProps {
	common := full()
	common.Name, common.Path = "store", "dist"
	common.Destination = argocd.Destination{Namespace: "shop"}
	return argocd.ApplicationSetProps{
		Name: "shops",
		Environments: []argocd.Environment{
			{Name: "staging"},
			{Name: "production", Path: "live", Destination: argocd.Destination{Cluster: "frankfurt", Namespace: "live"}},
		},
		Application: common,
	}
}

func application(p argocd.ApplicationProps) cdktest.Build {
	return func(chart cdk8s.Chart) { argocd.NewApplication(chart, "application", p) }
}

func project(p argocd.AppProjectProps) cdktest.Build {
	return func(chart cdk8s.Chart) { argocd.NewAppProject(chart, "project", p) }
}

func set(p argocd.ApplicationSetProps) cdktest.Build {
	return func(chart cdk8s.Chart) { argocd.NewApplicationSet(chart, "set", p) }
}

func TestGolden(t *testing.T) {
	manual := minimal()
	manual.Manual = true
	last := minimal()
	last.SyncOptions = []string{"PruneLast=true"}
	cascading := minimalSet()
	cascading.Application.Cascade = true
	for name, build := range map[string]cdktest.Build{
		"application/minimal":                        application(minimal()),
		"application/full":                           application(full()),
		"application/somebody-asks-for-the-sync":     application(manual),
		"application/what-has-gone-is-deleted-last":  application(last),
		"appproject/minimal":                         project(minimalProject()),
		"appproject/full":                            project(fullProject()),
		"applicationset/minimal":                     set(minimalSet()),
		"applicationset/full":                        set(fullSet()),
		"applicationset/the-objects-go-with-the-set": set(cascading),
	} {
		t.Run(name, func(t *testing.T) { cdktest.Golden(t, name, build) })
	}
}

func TestEveryFieldReachesTheManifest(t *testing.T) {
	cdktest.EveryField(t, minimal(), full(), func(chart cdk8s.Chart, p argocd.ApplicationProps) { application(p)(chart) })
	cdktest.EveryField(t, minimalProject(), fullProject(), func(chart cdk8s.Chart, p argocd.AppProjectProps) {
		project(p)(chart)
	})
	cdktest.EveryField(t, minimalSet(), fullSet(), func(chart cdk8s.Chart, p argocd.ApplicationSetProps) { set(p)(chart) })
}

func TestEveryFieldOfAPartReachesTheManifest(t *testing.T) {
	cdktest.EveryField(t, argocd.Difference{Kind: "Deployment", Pointers: []string{"/spec"}},
		argocd.Difference{
			Group: "apps", Kind: "StatefulSet", Name: "web", Namespace: "shop", Pointers: []string{"/spec/replicas"},
			Expressions: []string{".spec"}, Managers: []string{"someone"},
		}, func(chart cdk8s.Chart, d argocd.Difference) {
			p := minimal()
			p.IgnoreDifferences = []argocd.Difference{d}
			application(p)(chart)
		})
	place := func(chart cdk8s.Chart, d argocd.Destination) {
		p := minimal()
		p.Destination = d
		application(p)(chart)
	}
	cdktest.EveryField(t, argocd.Destination{}, argocd.Destination{
		Server: "https://api.example.com", Cluster: "frankfurt", Namespace: "shop",
	}, place)
	cdktest.EveryField(t, argocd.Environment{Name: "a"}, argocd.Environment{
		Name: "b", Path: "live", Destination: argocd.Destination{Namespace: "live"},
	}, func(chart cdk8s.Chart, e argocd.Environment) {
		p := minimalSet()
		p.Environments = []argocd.Environment{e}
		set(p)(chart)
	})
	cdktest.EveryField(t, argocd.Kind{Kind: "Namespace"}, argocd.Kind{Group: "storage.k8s.io", Kind: "StorageClass"},
		func(chart cdk8s.Chart, k argocd.Kind) {
			p := minimalProject()
			p.ClusterKinds = []argocd.Kind{k}
			project(p)(chart)
		})
	cdktest.EveryField(t, argocd.Orphan{Kind: "Secret"}, argocd.Orphan{Group: "batch", Kind: "Job", Name: "a-*"},
		func(chart cdk8s.Chart, o argocd.Orphan) {
			p := minimalProject()
			p.IgnoredOrphans = []argocd.Orphan{o}
			project(p)(chart)
		})
}

// What Argo CD's own definitions say of the golden files.
func TestObjectsMeetTheirDefinitions(t *testing.T) {
	count, wrong, err := definitions.CheckFiles("testdata/*/*.yaml", "argoproj.io")
	if err != nil || count < 8 {
		t.Fatalf("%d custom resources, %v", count, err)
	}
	for _, line := range wrong {
		t.Error(line)
	}
}

func TestTheObjectCanBeChanged(t *testing.T) {
	got := cdktest.Render(t, func(chart cdk8s.Chart) {
		argocd.NewApplication(chart, "application", minimal()).Object().Change(func(a *gitops.Application) {
			a.Spec.RevisionHistoryLimit = new(int64(3))
		})
		argocd.NewAppProject(chart, "project", minimalProject()).Object().Change(func(p *gitops.AppProject) {
			p.Spec.OrphanedResources = nil
		})
		argocd.NewApplicationSet(chart, "set", minimalSet()).Object().Change(func(s *gitops.ApplicationSet) {
			s.Spec.Template.Spec.RevisionHistoryLimit = new(int64(4))
		})
	})
	if !strings.Contains(got, "revisionHistoryLimit: 3") || !strings.Contains(got, "revisionHistoryLimit: 4") ||
		strings.Contains(got, "orphanedResources") {
		t.Error(got)
	}
	if _, wrong, err := definitions.Check(got, "argoproj.io"); err != nil || len(wrong) > 0 {
		t.Error(wrong, err)
	}
}

// one expects exactly one problem that starts with line.
func one(t *testing.T, got field.ErrorList, line string) {
	t.Helper()
	var lines []string
	for _, err := range got {
		lines = append(lines, construct.Line(err))
	}
	if len(lines) != 1 || !strings.HasPrefix(lines[0], line) || strings.Contains(lines[0], "\n") {
		t.Errorf("problems:\n%s\nwant one line that starts with\n%s", strings.Join(lines, "\n"), line)
	}
}

func TestWrongApplications(t *testing.T) {
	type props = argocd.ApplicationProps
	difference := func(change func(d *argocd.Difference)) func(p *props) {
		return func(p *props) {
			d := argocd.Difference{Kind: "Deployment", Pointers: []string{"/spec/replicas"}}
			change(&d)
			p.IgnoreDifferences = []argocd.Difference{d}
		}
	}
	for line, change := range map[string]func(p *props){
		`Name: "": is required`:                                     func(p *props) { p.Name = "" },
		`Name: "Shop": must be 1 to 63`:                             func(p *props) { p.Name = "Shop" },
		`Project: "my project": must be 1 to 63`:                    func(p *props) { p.Project = "my project" },
		`Repository: "": is required`:                               func(p *props) { p.Repository = "" },
		`Repository: "shop": must be the URL`:                       func(p *props) { p.Repository = "shop" },
		`Repository: "http://git.example.com/a": must be`:           func(p *props) { p.Repository = "http://git.example.com/a" },
		`Repository: "https://git.example.com": must be`:            func(p *props) { p.Repository = "https://git.example.com" },
		`Repository: "...": must hold no credential`:                func(p *props) { p.Repository = "https://token@git.example.com/a" },
		`Repository: "git@git.example.com": must be`:                func(p *props) { p.Repository = "git@git.example.com" },
		`Repository: "https://git.example.com/a?b=c": must be`:      func(p *props) { p.Repository = "https://git.example.com/a?b=c" },
		`Revision: "main..old": must be a branch`:                   func(p *props) { p.Revision = "main..old" },
		`Revision: "-f": must be a branch`:                          func(p *props) { p.Revision = "-f" },
		`Revision: "0o17": would be parsed as a YAML number`:        func(p *props) { p.Revision = "0o17" },
		`Path: "0o17": would be parsed as a YAML number`:            func(p *props) { p.Path = "0o17" },
		`Destination.Cluster: "0o17": would be parsed`:              func(p *props) { p.Destination.Cluster = "0o17" },
		`Path: "": is required`:                                     func(p *props) { p.Path = "" },
		`Path: ".": must not be the root`:                           func(p *props) { p.Path = "." },
		`Path: "/dist": must be a directory`:                        func(p *props) { p.Path = "/dist" },
		`Path: "dist/../other": must be a directory`:                func(p *props) { p.Path = "dist/../other" },
		`Path: "../dist": must be a directory`:                      func(p *props) { p.Path = "../dist" },
		`Path: "dist/": must be a directory`:                        func(p *props) { p.Path = "dist/" },
		`Path: "dist/{{ .name }}": must be a directory`:             func(p *props) { p.Path = "dist/{{ .name }}" },
		`Destination.Server: "http://api": must be the URL`:         func(p *props) { p.Destination.Server = "http://api" },
		`Destination.Cluster: "a b": must be the name of a cluster`: func(p *props) { p.Destination.Cluster = "a b" },
		`Destination.Namespace: "Shop": must be 1 to 63`:            func(p *props) { p.Destination.Namespace = "Shop" },
		`Destination.Namespace: "shop-*": must be 1 to 63`:          func(p *props) { p.Destination.Namespace = "shop-*" },
		`Destination.Cluster: "in-cluster": must not be given with`: func(p *props) {
			p.Destination = argocd.Destination{Server: argocd.DefaultServer, Cluster: "in-cluster"}
		},
		`Retries: -1: must be between 1 and 100`:                     func(p *props) { p.Retries = -1 },
		`SyncOptions[0]: "Replace=true": must not be given: Replace`: func(p *props) { p.SyncOptions = []string{"Replace=true"} },
		`SyncOptions[0]: "Force=true": must not be given: Force`:     func(p *props) { p.SyncOptions = []string{"Force=true"} },
		`SyncOptions[0]: "ApplyOutOfSyncOnly=true": must not`:        func(p *props) { p.SyncOptions = []string{"ApplyOutOfSyncOnly=true"} },
		`SyncOptions[0]: "PruneLst=true": must be NAME=VALUE`:        func(p *props) { p.SyncOptions = []string{"PruneLst=true"} },
		`SyncOptions[1]: "PruneLast": must have one of`:              func(p *props) { p.SyncOptions = []string{"Validate=false", "PruneLast"} },
		`SyncOptions: "Validate": is listed twice`:                   func(p *props) { p.SyncOptions = []string{"Validate=false", "Validate=true"} },
		`IgnoreDifferences[0].Kind: "": is required`:                 difference(func(d *argocd.Difference) { d.Kind = "" }),
		`IgnoreDifferences[0].Kind: "deployment": must be a kind`:    difference(func(d *argocd.Difference) { d.Kind = "deployment" }),
		`IgnoreDifferences[0].Group: "apps/v1": must be an API`:      difference(func(d *argocd.Difference) { d.Group = "apps/v1" }),
		`IgnoreDifferences[0].Name: "A": must be`:                    difference(func(d *argocd.Difference) { d.Name = "A" }),
		`IgnoreDifferences[0].Namespace: "A": must be`:               difference(func(d *argocd.Difference) { d.Namespace = "A" }),
		`IgnoreDifferences[0].Pointers: "": is required`:             difference(func(d *argocd.Difference) { d.Pointers = nil }),
		`IgnoreDifferences[0].Pointers[0]: "spec": must be a JSON`:   difference(func(d *argocd.Difference) { d.Pointers = []string{"spec"} }),
		`IgnoreDifferences[0].Expressions[0]: "spec": must be`:       difference(func(d *argocd.Difference) { d.Expressions = []string{"spec"} }),
		`IgnoreDifferences[0].Managers[0]: "": must be the name`:     difference(func(d *argocd.Difference) { d.Managers = []string{""} }),
	} {
		t.Run(line, func(t *testing.T) {
			p := minimal()
			change(&p)
			one(t, p.Validate(), line)
		})
	}
}

func TestWrongProjects(t *testing.T) {
	type props = argocd.AppProjectProps
	for line, change := range map[string]func(p *props){
		`Name: "": is required`:                            func(p *props) { p.Name = "" },
		`Name: "default": must be another name`:            func(p *props) { p.Name = "default" },
		`Name: "Shop": must be 1 to 63`:                    func(p *props) { p.Name = "Shop" },
		`Description: "...": must be UTF-8 text`:           func(p *props) { p.Description = "a\x00" },
		`Description: "...": must be at most 255`:          func(p *props) { p.Description = strings.Repeat("a", 256) },
		`Repositories: "": is required`:                    func(p *props) { p.Repositories = nil },
		`Repositories[0]: "*": must be the URL`:            func(p *props) { p.Repositories = []string{"*"} },
		`Repositories: "` + repository + `": is listed`:    func(p *props) { p.Repositories = []string{repository, repository} },
		`Destinations: "": is required`:                    func(p *props) { p.Destinations = nil },
		`Destinations[0].Namespace: "": is required`:       func(p *props) { p.Destinations[0].Namespace = "" },
		`Destinations[0].Namespace: "Shop-*": must be`:     func(p *props) { p.Destinations[0].Namespace = "Shop-*" },
		`Destinations[0].Server: "*": must be the URL`:     func(p *props) { p.Destinations[0].Server = "*" },
		`ClusterKinds[0].Kind: "": is required`:            func(p *props) { p.ClusterKinds = []argocd.Kind{{}} },
		`ClusterKinds[0].Kind: "*": must be a kind`:        func(p *props) { p.ClusterKinds = []argocd.Kind{{Kind: "*"}} },
		`ClusterKinds[0].Group: "*": must be an API group`: func(p *props) { p.ClusterKinds = []argocd.Kind{{Group: "*", Kind: "A"}} },
		`IgnoredOrphans[0].Kind: "": is required`:          func(p *props) { p.IgnoredOrphans = []argocd.Orphan{{Name: "a"}} },
		`IgnoredOrphans[0].Name: "A*": must be the name`:   func(p *props) { p.IgnoredOrphans = []argocd.Orphan{{Kind: "Secret", Name: "A*"}} },
		`IgnoredOrphans[0].Group: "v1/": must be an API`:   func(p *props) { p.IgnoredOrphans = []argocd.Orphan{{Group: "v1/", Kind: "Secret"}} },
	} {
		t.Run(line, func(t *testing.T) {
			p := minimalProject()
			change(&p)
			one(t, p.Validate(), line)
		})
	}
}

func TestWrongSets(t *testing.T) {
	type props = argocd.ApplicationSetProps
	for line, change := range map[string]func(p *props){
		`Name: "": is required`:                                     func(p *props) { p.Name, p.Application.Name = "", "shop" },
		`Name: "Shop": must be 1 to 63`:                             func(p *props) { p.Name, p.Application.Name = "Shop", "shop" },
		`Environments: "": is required`:                             func(p *props) { p.Environments = nil },
		`Environments[0].Name: "": is required`:                     func(p *props) { p.Environments[0] = argocd.Environment{Path: "a"} },
		`Environments[1].Name: "Live": must be 1 to 63`:             func(p *props) { p.Environments[1] = argocd.Environment{Name: "Live", Path: "a"} },
		`Environments.Name: "staging": is listed twice`:             func(p *props) { p.Environments[1] = argocd.Environment{Name: "staging", Path: "a"} },
		`Environments.Path: "dist/staging": is listed twice`:        func(p *props) { p.Environments[1].Path = "dist/staging" },
		`Environments[0].Path: "/dist": must be a directory`:        func(p *props) { p.Environments[0].Path = "/dist" },
		`Environments[1].Path: "": is required`:                     func(p *props) { p.Application.Path = ""; p.Environments[0].Path = "a" },
		`Environments[0].Destination.Server: "a": must be`:          func(p *props) { p.Environments[0].Destination.Server = "a" },
		`Environments[0].Destination.Namespace: "A": must be`:       func(p *props) { p.Environments[0].Destination.Namespace = "A" },
		`Application.Destination.Server: "a": must be`:              func(p *props) { p.Application.Destination.Server = "a" },
		`Application.Destination.Namespace: "A": must`:              func(p *props) { p.Application.Destination.Namespace = "A" },
		`Application.Name: "Shop": must be 1 to 63`:                 func(p *props) { p.Application.Name = "Shop" },
		`Application.Path: "./dist": must be a directory`:           func(p *props) { p.Application.Path = "./dist" },
		`Application.Repository: "": is required`:                   func(p *props) { p.Application.Repository = "" },
		`Application.SyncOptions[0]: "Replace=true": must not`:      func(p *props) { p.Application.SyncOptions = []string{"Replace=true"} },
		`Environments[0].Name: "` + long + `": must be at most 58 `: func(p *props) { p.Environments[0].Name = long },
	} {
		t.Run(line, func(t *testing.T) {
			p := minimalSet()
			change(&p)
			one(t, p.Validate(), line)
		})
	}
}

var long = strings.Repeat("a", 60)

// Synthesis reports the path of the construct.
func TestWrongPropsAreReportedByPath(t *testing.T) {
	for _, build := range []cdktest.Build{
		application(argocd.ApplicationProps{Name: "shop", Repository: repository}),
		project(argocd.AppProjectProps{Name: "shop", Repositories: []string{repository}}),
		set(argocd.ApplicationSetProps{Name: "shop", Application: argocd.ApplicationProps{Repository: repository}}),
	} {
		if got := cdktest.Problems(t, build); len(got) != 1 || !strings.HasPrefix(got[0], "test/") {
			t.Errorf("problems %q, want one", got)
		}
	}
}

func Example() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("delivery"), &cdk8s.ChartProps{Namespace: new("argocd")})
	project := argocd.NewAppProject(chart, "project", argocd.AppProjectProps{
		Name: "shop", Repositories: []string{"https://git.example.com/team/shop.git"},
		Destinations: []argocd.Destination{{Namespace: "shop-*"}},
	})
	shop := argocd.NewApplication(chart, "production", argocd.ApplicationProps{
		Name: "shop-production", Project: project.Name(), Repository: "https://git.example.com/team/shop.git",
		Path: "dist/production", Destination: argocd.Destination{Namespace: "shop-production"},
	})
	spec := shop.Object().Content().Spec
	fmt.Println(spec.Project, spec.Source.Path, spec.Source.TargetRevision, *spec.SyncPolicy.Automated)
	// Output: shop dist/production HEAD {true true false}
}
