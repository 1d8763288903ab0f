package repository_test

import (
	"testing"

	"example.com/django-cdk8s/internal/repository"
	"example.com/django-cdk8s/internal/rule"
)

// What git servers and people really use passes. The tables of the constructs hold
// what does not.
func TestUsualNamesPass(t *testing.T) {
	var e rule.Errors
	for _, url := range []string{
		"https://git.example.com/team/shop.git", "https://git.example.com:8443/team/sub/shop",
		"https://dev.example.com/team/project/_git/shop", "ssh://git@git.example.com/team/shop.git",
		"ssh://git@git.example.com:2222/~team/shop.git", "ssh://git.example.com/shop", "https://192.0.2.1/shop.git",
	} {
		repository.URL(&e, "URL", url, false)
	}
	for _, url := range []string{"git@git.example.com:team/shop.git", "deploy@git.example.com:shop"} {
		repository.URL(&e, "URL", url, true)
		if !repository.IsSSH(url) {
			t.Errorf("%s is fetched by SSH", url)
		}
	}
	for _, dir := range []string{"dist", "dist/production", ".deploy/v1.2", "apps/shop_2/dist"} {
		repository.Dir(&e, "Path", dir)
	}
	for _, revision := range []string{"HEAD", "main", "release/4.2", "v4.2.0+build.1", "0a1b2c3d", "feature/shop-12"} {
		repository.Revision(&e, "Revision", revision)
	}
	for _, err := range e.Err() {
		t.Error(err)
	}
}
