// Package repository checks how a git repository is named, and a directory in it.
package repository

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"example.com/django-cdk8s/internal/rule"
)

// schemes are those of the URLs that are fetched from. Whoever is on the way can
// change what comes by http.
var schemes = []string{"https", "ssh"}

// scp matches the short form of an SSH URL, such as git@example.com:team/shop.git.
var scp = regexp.MustCompile(`^[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:[A-Za-z0-9_.~-]+(/[A-Za-z0-9_.~-]+)*$`)

// URL checks the URL of a repository in the field called name. short allows the
// form USER@HOST:PATH, too.
func URL(e *rule.Errors, name, value string, short bool) {
	want := "must be the URL of a repository, such as https://git.example.com/team/shop.git or " +
		"ssh://git@git.example.com/team/shop.git"
	if short {
		want += " or git@git.example.com:team/shop.git"
	}
	if value == "" {
		e.Add(name, value, "is required: the URL of the repository, such as https://git.example.com/team/shop.git")
		return
	}
	if short && scp.MatchString(value) {
		return
	}
	u, err := url.Parse(value)
	if err != nil {
		if strings.Contains(value, "://") && strings.Contains(value, "@") {
			value = "..." // It may hold a credential.
		}
		e.Add(name, value, want)
		return
	}
	_, password := u.User.Password()
	switch {
	case password || u.Scheme == "https" && u.User != nil:
		// It may be a token, and is not shown.
		e.Add(name, "...", "must hold no credential: manifests are committed, and the tool reads it from a Secret")
	case !slices.Contains(schemes, u.Scheme), strings.Trim(u.Path, "/") == "", u.RawQuery != "", u.Fragment != "",
		strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }), !isHost(u.Hostname()):
		e.Add(name, value, want)
	}
}

func isHost(name string) bool {
	var e rule.Errors
	e.Address("", name)
	return len(e.Err()) == 0
}

// IsSSH reports whether a repository is fetched by SSH.
func IsSSH(value string) bool { return strings.HasPrefix(value, "ssh://") || scp.MatchString(value) }

// segment matches one part of a path: characters that no shell, URL or pattern
// takes for something else.
var segment = regexp.MustCompile(`^\.?[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

// Dir checks a directory in a repository in the field called name, and reports
// whether it is one.
func Dir(e *rule.Errors, name, value string) bool {
	switch {
	case value == "":
		e.Add(name, value, "is required: the directory of the manifests in the repository, such as dist/production")
	case value == ".":
		e.Add(name, value, "must not be the root of the repository, where everything is that is no manifest: "+
			"name the directory of one environment, such as dist/production")
	case slices.ContainsFunc(strings.Split(value, "/"), func(one string) bool { return !segment.MatchString(one) }):
		e.Add(name, value, "must be a directory from the root of the repository, such as dist/production: "+
			"letters, digits, '-', '_', '.' and '/', without a '/' at either end, '.' or '..'")
	default:
		before := len(e.Err())
		e.Text(name, value)
		return len(e.Err()) == before
	}
	return false
}

var revision = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+/-]*$`)

// Revision checks the name of a branch or tag, or a commit; see
// https://git-scm.com/docs/git-check-ref-format.
func Revision(e *rule.Errors, name, value string) {
	bad := func(part string) bool { return strings.Contains(value, part) }
	if !revision.MatchString(value) || bad("..") || bad("//") || bad("/.") || strings.HasSuffix(value, "/") ||
		strings.HasSuffix(value, ".") || strings.HasSuffix(value, ".lock") || len(value) > 200 {
		e.Add(name, value, "must be a branch, a tag or a commit: at most 200 letters, digits, '-', '_', '.', '+' and '/', "+
			"as git takes them")
		return
	}
	e.Text(name, value)
}
