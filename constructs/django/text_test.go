package django_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	appsv1 "k8s.io/api/apps/v1"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/manifest"
)

// A value that YAML could read as something else must reach the server as it
// was given.
func TestEveryTextSurvives(t *testing.T) {
	texts := []string{
		"", " ", "yes", "no", "on", "off", "y", "n", "true", "null", "~", "0", "1.0", "1e3", "0x1F", "017", "1_000", "0b11", "-0x1f", "+12e03", "no_op", "0_", "_1",
		"12:30:45", "2026-01-02", ".inf", ".nan", "=", "<<", "-", "- a", "?", "|", ">", "@a", "`a`", "%a", "!a", "&a", "*a", "#a",
		"a #b", "a: b", "a:", "{a}", "[a]", "'a'", `"a"`, `\`, "\t", " a ", "a\nb\n", "a\r\nb", "\n", "é", "日本", "🐘", "\u00a0",
		"---", "...", "--- a", "$(PORT)", "$$(A)", "$", "$(", "$()", "$$$$(A)", strings.Repeat("long ", 50), strings.Repeat("x", 500),
	}
	props := django.WebProps{Project: django.Project{Image: "shop:1", Env: map[string]string{}}}
	for i, text := range texts {
		props.Project.Env[fmt.Sprintf("TEXT_%d", i)] = text
	}
	// A variable that nothing sets is a mistake in Env alone.
	props.Args = slices.Concat(texts, []string{"$(UNSET)"})
	rendered := cdktest.Render(t, func(chart cdk8s.Chart) { web(chart, props) })
	objects, err := manifest.Parse("rendered", []byte(rendered))
	if err != nil {
		t.Fatal(err)
	}
	container := objects[0].Content.(*appsv1.Deployment).Spec.Template.Spec.Containers[0]
	got := map[string]string{}
	for _, env := range container.Env {
		got[env.Name] = env.Value
	}
	if last := container.Args[len(texts)]; last != "$(UNSET)" {
		t.Errorf("the last of Args is %q, want $(UNSET)", last)
	}
	for i, text := range texts {
		if name := fmt.Sprintf("TEXT_%d", i); got[name] != text {
			t.Errorf("%s = %q, want %q", name, got[name], text)
		}
		if container.Args[i] != text {
			t.Errorf("Args[%d] = %q, want %q", i, container.Args[i], text)
		}
	}
}
