// Package image reads container image references.
package image

import (
	"path"

	"github.com/distribution/reference"
)

// Tag returns the tag of image, or "" when it has none or is no reference.
func Tag(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return ""
	}
	if tagged, ok := named.(reference.Tagged); ok {
		return tagged.Tag()
	}
	return ""
}

// Base returns the last part of the name of image: postgres for
// docker.io/library/postgres:17.
func Base(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return ""
	}
	return path.Base(named.Name())
}

// Valid reports whether image is a reference.
func Valid(image string) bool {
	_, err := reference.ParseNormalizedNamed(image)
	return err == nil
}

// Floating reports whether image has no digest, and no tag or the tag latest:
// two nodes may then run different code under one name.
func Floating(image string) bool {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return false
	}
	if _, pinned := named.(reference.Digested); pinned {
		return false
	}
	tag := Tag(image)
	return tag == "" || tag == "latest"
}
