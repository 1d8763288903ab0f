package postgres

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"example.com/django-cdk8s/internal/image"
)

// The major versions that are supported, by PostgreSQL and by its own tools, and
// whose image layout is known or will hardly change. A tag
// with a larger number than maxTagged names something else, such as a year.
const (
	minMajor  = 14
	maxMajor  = 99
	maxTagged = 21
)

// layout is what follows from a PostgreSQL image: where its data lives and as
// whom it runs. The facts are those of the official image; see
// https://hub.docker.com/_/postgres.
type layout struct {
	major     int
	mountPath string
	dataDir   string
	userID    int
}

// layoutOf returns the layout of the image ref. The major version is read from the tag
// unless it is given; it is 0 when neither tells.
func layoutOf(ref string, major int) layout {
	tag := image.Tag(ref)
	if major == 0 {
		major = majorOf(tag)
	}
	l := layout{major: major, mountPath: "/var/lib/postgresql/data", userID: 999}
	// The data must lie below the mount: the root of a fresh volume may hold
	// lost+found, which initdb refuses.
	l.dataDir = path.Join(l.mountPath, "pgdata")
	if major >= 18 {
		// Since 18 the image declares one directory higher, so that
		// pg_upgrade can hard-link between versions; a volume at the old place
		// stays empty. See https://github.com/docker-library/postgres/pull/1259.
		l.mountPath = "/var/lib/postgresql"
		l.dataDir = path.Join(l.mountPath, strconv.Itoa(major), "docker")
	}
	if strings.Contains(tag, "alpine") {
		l.userID = 70
	}
	return l
}

// The places in a tag where images write their major version: behind "pg", as
// those with extensions do (pg17, 2.17-pg17), or else at the start (17,
// 17.2-bookworm, 17-3.5, 19beta1).
var (
	behindPG = regexp.MustCompile(`(?:^|[.-])pg(\d+)(?:[.-]|$)`)
	atStart  = regexp.MustCompile(`^(\d+)(?:[.-]|beta|rc|$)`)
)

func majorOf(tag string) int {
	found := behindPG.FindStringSubmatch(tag)
	if found == nil {
		found = atStart.FindStringSubmatch(tag)
	}
	if found == nil {
		return 0
	}
	major, err := strconv.Atoi(found[1])
	if err != nil || major < minMajor || major > maxTagged {
		return 0
	}
	return major
}

// contradicts reports whether image is an official one, or a mirror's copy of
// it, whose tag names another major version than the given one.
func contradicts(ref string, major int) bool {
	tagged := majorOf(image.Tag(ref))
	return image.Base(ref) == "postgres" && tagged != 0 && major != 0 && tagged != major
}
