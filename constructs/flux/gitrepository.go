// Package flux holds the objects by which Flux finds rendered manifests and applies
// them. They are rendered into a directory of their own, beside those that they
// name, and live in the namespace of their chart, usually flux-system.
package flux

import (
	"cmp"
	"fmt"
	"regexp"

	"github.com/aws/constructs-go/constructs/v10"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"example.com/django-cdk8s/constructs/gitops"
	"example.com/django-cdk8s/constructs/network"
	"example.com/django-cdk8s/constructs/object"
	"example.com/django-cdk8s/internal/clone"
	"example.com/django-cdk8s/internal/construct"
	"example.com/django-cdk8s/internal/kube"
	"example.com/django-cdk8s/internal/labels"
	"example.com/django-cdk8s/internal/repository"
	"example.com/django-cdk8s/internal/rule"
)

// Defaults of [GitRepositoryProps].
const (
	// DefaultBranch is the branch that is fetched.
	DefaultBranch = "main"

	// DefaultIntervalSeconds is the time between two looks for a new commit.
	DefaultIntervalSeconds = 60
)

// GitRepositoryProps configures [NewGitRepository]. Name and URL are required; the
// zero value of every other field means its default.
type GitRepositoryProps struct {
	// Name is the name of the GitRepository.
	//
	// Required.
	Name string

	// URL is that of the repository, by https or ssh. Flux does not take the form
	// git@HOST:PATH.
	//
	// Required.
	URL string

	// Branch is the branch that is fetched. At most one of Branch, Tag, SemVer and
	// Commit is given.
	//
	// Default: [DefaultBranch], unless one of the others is given.
	Branch string

	// Tag is the tag that is fetched.
	//
	// Default: none.
	Tag string

	// SemVer is a range of versions, such as ">=4.2.0 <5.0.0"; the newest tag in it
	// is fetched.
	//
	// Default: none.
	SemVer string

	// Commit is the commit that is fetched: 40 hexadecimal digits.
	//
	// Default: none.
	Commit string

	// IntervalSeconds is the time between two looks for a new commit.
	//
	// Default: [DefaultIntervalSeconds].
	IntervalSeconds int

	// SecretName is the name of a Secret in the same namespace: with username and
	// password, or with identity and known_hosts; see
	// https://fluxcd.io/flux/components/source/gitrepositories/#secret-reference.
	//
	// Required by an ssh URL. Default: none.
	SecretName string

	// Suspend stops the fetching.
	//
	// Default: false.
	Suspend bool
}

// Validate reports every invalid field. It starts no Node.js.
func (p GitRepositoryProps) Validate() field.ErrorList {
	_, problems := p.resolve()
	return problems
}

var (
	commit = regexp.MustCompile(`^[0-9a-f]{40}$`)

	// semVer matches what ranges are made of; see
	// https://github.com/Masterminds/semver#checking-version-constraints.
	semVer = regexp.MustCompile(`^[0-9A-Za-z.*<>=!~^|, +-]*[0-9xX*][0-9A-Za-z.*<>=!~^|, +-]*$`)
)

// resolve fills in the defaults and reports every invalid field.
func (p GitRepositoryProps) resolve() (GitRepositoryProps, field.ErrorList) {
	var e rule.Errors
	e.RequiredLabel("Name", p.Name, "the name of the GitRepository")
	repository.URL(&e, "URL", p.URL, false)
	if p.Tag == "" && p.SemVer == "" && p.Commit == "" {
		p.Branch = cmp.Or(p.Branch, DefaultBranch)
	}
	given := ""
	for _, one := range []struct{ field, value string }{
		{"Branch", p.Branch}, {"Tag", p.Tag}, {"SemVer", p.SemVer}, {"Commit", p.Commit},
	} {
		switch {
		case one.value == "":
			continue
		case given != "":
			e.Add(one.field, one.value, "must not be given with "+given+": Flux fetches one revision")
		case one.field == "Commit" && !commit.MatchString(one.value):
			e.Add(one.field, one.value, "must be the 40 hexadecimal digits of a commit")
		case one.field == "SemVer" && !semVer.MatchString(one.value):
			e.Add(one.field, one.value, `must be a range of versions, such as ">=4.2.0 <5.0.0" or 4.2.x`)
		case one.field == "Branch" || one.field == "Tag":
			repository.Revision(&e, one.field, one.value)
		default:
			e.Text(one.field, one.value)
		}
		given = one.field
	}
	p.IntervalSeconds = cmp.Or(p.IntervalSeconds, DefaultIntervalSeconds)
	e.Range("IntervalSeconds", p.IntervalSeconds, 10, 86400)
	e.OptionalName("SecretName", p.SecretName)
	if p.SecretName == "" && repository.IsSSH(p.URL) {
		e.Add("SecretName", "", "is required by an ssh URL: the Secret with identity and known_hosts")
	}
	return p, e.Err()
}

// GitRepository is a repository that Flux fetches.
type GitRepository struct {
	constructs.Construct

	node   *construct.Node
	props  GitRepositoryProps
	object *object.Object[*gitops.GitRepository]
}

var _ network.Referrer = (*GitRepository)(nil)

// NewGitRepository adds a [GitRepository] called id to scope. Invalid props fail
// synthesis with the construct's path.
func NewGitRepository(scope constructs.Construct, id string, props GitRepositoryProps) *GitRepository {
	props = clone.Of(props)
	r := &GitRepository{}
	r.node = construct.Init(r, scope, id)
	resolved, problems := props.resolve()
	r.node.Report(problems)

	r.props = resolved
	r.object = object.New(r, "GitRepository", r.Name(), r.repository)
	return r
}

// Name returns the name of the GitRepository.
func (r *GitRepository) Name() string {
	if r == nil {
		return ""
	}
	return r.props.Name
}

// get returns what Go knows of r, or nil for one that [NewGitRepository] has not
// made.
func (r *GitRepository) get() *construct.Node {
	if r == nil {
		return nil
	}
	return r.node
}

// Object returns the GitRepository object.
func (r *GitRepository) Object() *object.Object[*gitops.GitRepository] { return r.object }

// ExternalReferences lists objects that the construct references and does not
// create.
func (r *GitRepository) ExternalReferences() []network.Object {
	all := kube.GivenNamespace(r.node)
	if r.props.SecretName != "" {
		all = append(all, network.Object{Kind: "Secret", Name: r.props.SecretName, Namespace: r.node.Namespace()})
	}
	return all
}

func (r *GitRepository) repository() *gitops.GitRepository {
	spec := gitops.GitRepositorySpec{
		URL: r.props.URL, Interval: seconds(r.props.IntervalSeconds), Suspend: r.props.Suspend,
		Reference: gitops.Reference{
			Branch: r.props.Branch, Tag: r.props.Tag, SemVer: r.props.SemVer, Commit: r.props.Commit,
		},
	}
	if r.props.SecretName != "" {
		spec.SecretRef = &gitops.LocalName{Name: r.props.SecretName}
	}
	return &gitops.GitRepository{ObjectMeta: kube.Meta(r.node, r.Name(), labels.Flux), Spec: spec}
}

// seconds writes a time as Flux does: in minutes, where there is no rest.
func seconds(n int) string {
	if n%60 == 0 {
		return fmt.Sprintf("%dm", n/60)
	}
	return fmt.Sprintf("%ds", n)
}
