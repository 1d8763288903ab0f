package flux_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/flux"
	"example.com/django-cdk8s/constructs/gitops"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/definitions"
)

func TestMain(m *testing.M) { cdktest.Main(m) }

func minimal() flux.GitRepositoryProps {
	return flux.GitRepositoryProps{Name: "shop", URL: "https://git.example.com/team/shop.git"}
}

func full() flux.GitRepositoryProps {
	return flux.GitRepositoryProps{
		Name: "store", URL: "ssh://git@git.example.com:2222/team/shop.git", Branch: "release/4.2", IntervalSeconds: 90,
		SecretName: "deploy-key", Suspend: true,
	}
}

func repository(p flux.GitRepositoryProps) cdktest.Build {
	return func(chart cdk8s.Chart) { flux.NewGitRepository(chart, "repository", p) }
}

// kustomization makes a Kustomization with props that change those of a minimal
// one.
func kustomization(change func(chart cdk8s.Chart, p *flux.KustomizationProps)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		p := flux.KustomizationProps{
			Name: "shop", Source: flux.NewGitRepository(chart, "repository", minimal()), Path: "dist/production",
		}
		change(chart, &p)
		flux.NewKustomization(chart, "kustomization", p)
	}
}

// elsewhere is a chart in another namespace.
func elsewhere(chart cdk8s.Chart) cdk8s.Chart {
	return cdk8s.NewChart(chart, new("elsewhere"), &cdk8s.ChartProps{Namespace: new("flux-system")})
}

func fill(chart cdk8s.Chart, p *flux.KustomizationProps) {
	source := p.Source
	first := flux.NewKustomization(chart, "first", flux.KustomizationProps{Name: "first", Source: source, Path: "operators"})
	other := elsewhere(chart)
	p.Source = flux.NewGitRepository(other, "repository", full())
	second := flux.NewKustomization(other, "second", flux.KustomizationProps{
		Name: "second", Source: p.Source, Path: "cluster",
	})
	*p = flux.KustomizationProps{
		Name: "shop-production", Source: p.Source, Path: "deploy/production", IntervalMinutes: 60, RetrySeconds: 30,
		MigrationDeadlineSeconds: 7200, TimeoutMinutes: 180, NoWait: true, NoPrune: true,
		DependsOn: []*flux.Kustomization{first, second}, TargetNamespace: "shop-production", ServiceAccount: "shop",
		Cascade: true, Suspend: true,
	}
}

func TestGolden(t *testing.T) {
	with := func(change func(p *flux.GitRepositoryProps)) cdktest.Build {
		p := minimal()
		change(&p)
		return repository(p)
	}
	for name, build := range map[string]cdktest.Build{
		"gitrepository/minimal":                 repository(minimal()),
		"gitrepository/full":                    repository(full()),
		"gitrepository/a-tag":                   with(func(p *flux.GitRepositoryProps) { p.Tag = "v4.2.0" }),
		"gitrepository/the-newest-of-a-range":   with(func(p *flux.GitRepositoryProps) { p.SemVer = ">=4.2.0 <5.0.0" }),
		"gitrepository/a-commit":                with(func(p *flux.GitRepositoryProps) { p.Commit = strings.Repeat("0a", 20) }),
		"kustomization/minimal":                 kustomization(func(cdk8s.Chart, *flux.KustomizationProps) {}),
		"kustomization/full":                    kustomization(fill),
		"kustomization/a-migration-of-two-days": kustomization(func(_ cdk8s.Chart, p *flux.KustomizationProps) { p.MigrationDeadlineSeconds = 172800 }),
	} {
		t.Run(name, func(t *testing.T) { cdktest.Golden(t, name, build) })
	}
}

func TestEveryFieldOfAGitRepositoryReachesTheManifest(t *testing.T) {
	with := full()
	with.Tag, with.SemVer, with.Commit = "v4.2.0", "4.x", strings.Repeat("0a", 20)
	basic := minimal()
	basic.SecretName = "token"
	cdktest.EveryField(t, basic, with, func(chart cdk8s.Chart, p flux.GitRepositoryProps) { repository(p)(chart) })
}

// The constructs that a Kustomization refers to are stand-ins, which are replaced
// for each manifest.
func TestEveryFieldOfAKustomizationReachesTheManifest(t *testing.T) {
	source, other := new(flux.GitRepository), new(flux.GitRepository)
	cdktest.EveryField(t,
		flux.KustomizationProps{Name: "shop", Source: source, Path: "dist/production"},
		flux.KustomizationProps{
			Name: "store", Source: other, Path: "live", IntervalMinutes: 60, RetrySeconds: 30,
			MigrationDeadlineSeconds: 7200, TimeoutMinutes: 180, NoWait: true, NoPrune: true,
			DependsOn: []*flux.Kustomization{new(flux.Kustomization)}, TargetNamespace: "live", ServiceAccount: "shop",
			Cascade: true, Suspend: true,
		},
		func(chart cdk8s.Chart, p flux.KustomizationProps) {
			made := map[*flux.GitRepository]*flux.GitRepository{
				source: flux.NewGitRepository(chart, "repository", minimal()),
				other:  flux.NewGitRepository(chart, "other", full()),
			}
			p.Source = made[p.Source]
			first := flux.NewKustomization(chart, "first", flux.KustomizationProps{
				Name: "first", Source: p.Source, Path: "operators",
			})
			for i := range p.DependsOn {
				p.DependsOn[i] = first
			}
			flux.NewKustomization(chart, "kustomization", p)
		})
}

// What Flux's own definitions say of the golden files.
func TestObjectsMeetTheirDefinitions(t *testing.T) {
	count, wrong, err := definitions.CheckFiles("testdata/*/*.yaml", "toolkit.fluxcd.io")
	if err != nil || count < 8 {
		t.Fatalf("%d custom resources, %v", count, err)
	}
	for _, line := range wrong {
		t.Error(line)
	}
}

func TestTheObjectCanBeChanged(t *testing.T) {
	got := cdktest.Render(t, func(chart cdk8s.Chart) {
		source := flux.NewGitRepository(chart, "repository", minimal())
		source.Object().Change(func(r *gitops.GitRepository) { r.Spec.Ignore = "/*\n!/dist" })
		flux.NewKustomization(chart, "kustomization", flux.KustomizationProps{
			Name: "shop", Source: source, Path: "dist/production",
		}).Object().Change(func(k *gitops.Kustomization) { k.Spec.DeletionPolicy = "WaitForTermination" })
	})
	if !strings.Contains(got, "!/dist") || !strings.Contains(got, "deletionPolicy: WaitForTermination") {
		t.Error(got)
	}
	if _, wrong, err := definitions.Check(got, "toolkit.fluxcd.io"); err != nil || len(wrong) > 0 {
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

func TestWrongGitRepositories(t *testing.T) {
	type props = flux.GitRepositoryProps
	for line, change := range map[string]func(p *props){
		`Name: "": is required`:                           func(p *props) { p.Name = "" },
		`Name: "Shop": must be 1 to 63`:                   func(p *props) { p.Name = "Shop" },
		`URL: "": is required`:                            func(p *props) { p.URL = "" },
		`URL: "http://git.example.com/a": must be`:        func(p *props) { p.URL = "http://git.example.com/a" },
		`URL: "git@git.example.com:team/shop": must`:      func(p *props) { p.URL, p.SecretName = "git@git.example.com:team/shop", "key" },
		`URL: "...": must hold no credential`:             func(p *props) { p.URL = "https://a:b@git.example.com/shop" },
		`URL: "https://Git_.example.com/a": must be`:      func(p *props) { p.URL = "https://Git_.example.com/a" },
		`SecretName: "": is required by an ssh URL`:       func(p *props) { p.URL = "ssh://git@git.example.com/shop" },
		`SecretName: "A": must be 1 to 253`:               func(p *props) { p.SecretName = "A" },
		`Branch: "my branch": must be a branch`:           func(p *props) { p.Branch = "my branch" },
		`Tag: "v1.": must be a branch, a tag`:             func(p *props) { p.Tag = "v1." },
		`Tag: "v1": must not be given with Branch`:        func(p *props) { p.Branch, p.Tag = "main", "v1" },
		`SemVer: "4.x": must not be given with Tag`:       func(p *props) { p.Tag, p.SemVer = "v1", "4.x" },
		`SemVer: "newest": must be a range of versions`:   func(p *props) { p.SemVer = "newest" },
		`SemVer: "0o17": would be parsed as a YAML`:       func(p *props) { p.SemVer = "0o17" },
		`Commit: "0a0a": must be the 40 hexadecimal`:      func(p *props) { p.Commit = "0a0a" },
		`IntervalSeconds: 5: must be between 10 and 8640`: func(p *props) { p.IntervalSeconds = 5 },
		`IntervalSeconds: -1: must be between 10 and 864`: func(p *props) { p.IntervalSeconds = -1 },
	} {
		t.Run(line, func(t *testing.T) {
			p := minimal()
			change(&p)
			one(t, p.Validate(), line)
		})
	}
}

func TestWrongKustomizations(t *testing.T) {
	source := made(t)
	type props = flux.KustomizationProps
	for line, change := range map[string]func(p *props){
		`Name: "": is required`:                                func(p *props) { p.Name = "" },
		`Name: "Shop": must be 1 to 63`:                        func(p *props) { p.Name = "Shop" },
		`Source: "": is required`:                              func(p *props) { p.Source = nil },
		`Source: "": is required: the *flux.GitRepository`:     func(p *props) { p.Source = new(flux.GitRepository) },
		`Path: "": is required`:                                func(p *props) { p.Path = "" },
		`Path: ".": must not be the root of the repository`:    func(p *props) { p.Path = "." },
		`Path: "./": must be a directory`:                      func(p *props) { p.Path = "./" },
		`Path: "./dist": must be a directory`:                  func(p *props) { p.Path = "./dist" },
		`Path: "/dist": must be a directory`:                   func(p *props) { p.Path = "/dist" },
		`IntervalMinutes: -1: must be between 1 and 1440`:      func(p *props) { p.IntervalMinutes = -1 },
		`RetrySeconds: 1: must be between 10 and 86400`:        func(p *props) { p.RetrySeconds = 1 },
		`MigrationDeadlineSeconds: -1: must be between 1`:      func(p *props) { p.MigrationDeadlineSeconds = -1 },
		`TimeoutMinutes: -1: must be between 1`:                func(p *props) { p.TimeoutMinutes = -1 },
		`TimeoutMinutes: 60: must be above the time limit of`:  func(p *props) { p.TimeoutMinutes = 60 },
		`TimeoutMinutes: 120: must be above the time limit`:    func(p *props) { p.TimeoutMinutes, p.MigrationDeadlineSeconds = 120, 7200 },
		`DependsOn[0]: "": is required: a *flux.Kustomization`: func(p *props) { p.DependsOn = []*flux.Kustomization{nil} },
		`TargetNamespace: "Shop": must be 1 to 63`:             func(p *props) { p.TargetNamespace = "Shop" },
		`ServiceAccount: "my account": must be 1 to 253`:       func(p *props) { p.ServiceAccount = "my account" },
	} {
		t.Run(line, func(t *testing.T) {
			p := props{Name: "shop", Source: source, Path: "dist/production"}
			change(&p)
			one(t, p.Validate(), line)
		})
	}
}

// made is a GitRepository.
func made(t *testing.T) (source *flux.GitRepository) {
	t.Helper()
	cdktest.Render(t, func(chart cdk8s.Chart) { source = flux.NewGitRepository(chart, "repository", minimal()) })
	return source
}

// Synthesis reports the path of the construct.
func TestWrongPropsAreReportedByPath(t *testing.T) {
	for _, build := range []cdktest.Build{
		repository(flux.GitRepositoryProps{Name: "shop"}),
		kustomization(func(_ cdk8s.Chart, p *flux.KustomizationProps) { p.Path = "" }),
		kustomization(func(_ cdk8s.Chart, p *flux.KustomizationProps) { p.Source = nil }),
	} {
		if got := cdktest.Problems(t, build); len(got) != 1 || !strings.HasPrefix(got[0], "test/") {
			t.Errorf("problems %q, want one", got)
		}
	}
}

func Example() {
	chart := cdk8s.NewChart(cdk8s.NewApp(nil), new("delivery"), &cdk8s.ChartProps{Namespace: new("flux-system")})
	source := flux.NewGitRepository(chart, "repository", flux.GitRepositoryProps{
		Name: "shop", URL: "https://git.example.com/team/shop.git",
	})
	shop := flux.NewKustomization(chart, "production", flux.KustomizationProps{
		Name: "shop-production", Source: source, Path: "dist/production",
	})
	spec := shop.Object().Content().Spec
	fmt.Println(spec.SourceRef.Name, spec.Path, "within", spec.Timeout)
	// Output: shop ./dist/production within 75m
}
