package main

import (
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The files of the sample stand on the page as they are, in one block or, as
// the settings, in several.
func TestProjectPageShowsTheSample(t *testing.T) {
	shown := map[string]string{}
	for _, found := range quoted.FindAllStringSubmatch(read(t, "docs/project.md"), -1) {
		shown[found[1]] += found[2] + "\n"
	}
	for _, name := range []string{
		"shop/settings.py", "shop/health.py", "shop/urls.py", "shop/wsgi.py", "shop/celery.py", "Dockerfile",
		"requirements.txt", "gunicorn.conf.py", ".dockerignore",
	} {
		if shown[name] == "" {
			t.Errorf("docs/project.md does not show %s", name)
		}
	}
	for name, text := range shown {
		file := path.Join("examples/project", name)
		if got, want := lines(text), lines(read(t, file)); !slices.Equal(got, want) {
			t.Errorf("docs/project.md does not hold %s as it is, from the line %q on", file, firstChange(got, want))
		}
	}
}

// quoted matches a block behind the name of its file.
var quoted = regexp.MustCompile("(?s)<!-- (\\S+) -->\n\n```[a-z]*\n(.*?)\n```")

// lines are those of a text that are not empty.
func lines(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return line == "" })
}

// firstChange returns the first line of want that got has not in its place.
func firstChange(got, want []string) string {
	for i, line := range want {
		if i >= len(got) || got[i] != line {
			return line
		}
	}
	return strings.Join(got[len(want):], "\n")
}

func TestGettingStartedShowsItsApp(t *testing.T) {
	app, page := read(t, "examples/first/main.go"), read(t, "docs/getting-started.md")
	if !strings.Contains(page, "```go\n"+app+"```\n") {
		t.Error("docs/getting-started.md does not hold examples/first/main.go as it is")
	}
}

// The variables of the contract are those that the library sets.
func TestTheSampleReadsTheVariablesOfTheLibrary(t *testing.T) {
	_, table, _ := strings.Cut(read(t, "docs/configuration.md"), "Django gets these variables")
	table, _, _ = strings.Cut(table, "\n\nA value in `Env`")
	settings := read(t, "examples/project/shop/settings.py")
	var names []string
	for _, found := range variable.FindAllStringSubmatch(table, -1) {
		names = append(names, found[1])
	}
	// libpq, Celery, the S3 client and gunicorn read these, or they are an alternative; HTTPS is a field.
	others := []string{
		"HTTPS", "DATABASE_URL", "PGUSER", "PGPASSWORD", "VALKEY_PASSWORD", "CELERY_BROKER_URL", "AWS_ACCESS_KEY_ID",
		"AWS_SECRET_ACCESS_KEY", "POD_IP", "PORT", "GUNICORN_CMD_ARGS", "PGSSLMODE", "PGSSLROOTCERT", "PGSSLCERT",
		"PGSSLKEY",
	}
	if len(names) < 22 {
		t.Fatalf("docs/configuration.md lists %d variables", len(names))
	}
	for _, name := range names {
		if !strings.Contains(settings, `"`+name+`"`) && !slices.Contains(others, name) {
			t.Errorf("the settings of the sample do not read %s", name)
		}
	}
}

var variable = regexp.MustCompile("`([A-Z][A-Z0-9_]+)`")

var (
	shBlock     = regexp.MustCompile("(?ms)^( *)```sh\n(.*?)\n *```")
	pythonBlock = regexp.MustCompile("(?s)\n```python\n(.*?)\n```")
)

func TestPythonOnThePagesParses(t *testing.T) {
	for _, page := range glob(t, "docs/*.md") {
		for _, found := range pythonBlock.FindAllStringSubmatch(read(t, page), -1) {
			command := exec.Command("python3", "-c", "import ast, sys; ast.parse(sys.stdin.read())")
			command.Stdin = strings.NewReader(found[1])
			if output, err := command.CombinedOutput(); err != nil {
				t.Errorf("%s: %s\n%s", page, output, found[1])
			}
		}
	}
}

func TestShellOnThePagesParses(t *testing.T) {
	for _, page := range append(glob(t, "docs/*.md"), "README.md", "CONTRIBUTING.md") {
		for _, found := range shBlock.FindAllStringSubmatch(read(t, page), -1) {
			text := found[2]
			command := exec.Command("bash", "-n")
			command.Stdin = strings.NewReader(text)
			if output, err := command.CombinedOutput(); err != nil {
				t.Errorf("%s: %s\n%s", page, output, text)
			}
			for _, problem := range kubectlProblems(text) {
				t.Errorf("%s: %s", page, problem)
			}
		}
	}
}

// Kubectl, as far as the pages need it: the flags of each verb, and the names
// of resources.
var (
	kubectlFlags = map[string]string{
		"annotate": "overwrite", "api-resources": "api-group", "apply": "f server-side k", "cluster-info": "",
		"cordon": "", "create": "dry-run o f from from-literal from-file image", "delete": "f l ignore-not-found wait all",
		"describe": "l", "diff": "f", "drain": "ignore-daemonsets delete-emptydir-data", "edit": "", "exec": "i t it c",
		"get": "o l w A", "logs": "f l c prefix tail all-containers previous since", "patch": "type p",
		"port-forward": "address", "rollout": "l timeout to-revision", "run": "rm i image restart",
		"scale": "replicas l", "top": "", "uncordon": "", "wait": "for l timeout", "config": "", "version": "",
	}
	kubectlResources = "cluster clusters backups objectstore cronjob cronjobs configmap deployment deployments " +
		"endpoints events hpa ingress job jobs namespace namespaces node nodes pod pods poddisruptionbudget pvc role secret service " +
		"services statefulset storageclass all serviceaccount endpointslices networkpolicies networkpolicy"
	substitution = regexp.MustCompile(`\$\([^()]*\)`)
	kubectl      = regexp.MustCompile(`\bkubectl\s+([^|;&)#\n]*)`)
)

// kubectlProblems returns what kubectl would refuse in the commands of a text.
func kubectlProblems(text string) []string {
	var problems []string
	text = substitution.ReplaceAllString(strings.ReplaceAll(text, "\\\n", " "), "VALUE")
	for _, found := range kubectl.FindAllStringSubmatch(text, -1) {
		words := strings.Fields(found[1])
		for len(words) > 0 && strings.HasPrefix(words[0], "-") {
			// -n NAME, --context NAME, --context=NAME
			words = words[min(len(words), 2-strings.Count(words[0], "=")):]
		}
		if len(words) == 0 {
			continue
		}
		verb := words[0]
		flags, known := kubectlFlags[verb]
		if !known {
			problems = append(problems, "kubectl has no command "+verb+", or project_docs_test.go does not know it")
			continue
		}
		subject := ""
		for _, word := range words[1:] {
			if word == "--" {
				break
			}
			name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
			if len(word) > 1 && word[0] == '-' && !slices.Contains(strings.Fields(flags+" n namespace context"), name) {
				problems = append(problems, "kubectl "+verb+" has no flag "+word)
			}
			if !strings.HasPrefix(word, "-") && subject == "" {
				subject = word
			}
		}
		if slices.Contains([]string{"get", "delete", "describe", "scale"}, verb) && subject != "" {
			kinds, _, _ := strings.Cut(subject, "/")
			for kind := range strings.SplitSeq(kinds, ",") {
				if !slices.Contains(strings.Fields(kubectlResources), kind) {
					problems = append(problems, "kubectl "+verb+": unknown resource "+kind)
				}
			}
		}
	}
	return problems
}

func TestKubectlProblems(t *testing.T) {
	for command, want := range map[string]int{
		"kubectl -n shop get pods,jobs -l app=django -w":                    0,
		"kubectl -n shop exec deployment/django -- python3 manage.py x --y": 0,
		"kubectl --context kind-x apply -f dist/ && kubectl get podz":       1,
		"kubectl get pods --lines=3":                                        1,
		"kubectl restart deployment/django":                                 1,
	} {
		if got := kubectlProblems(command); len(got) != want {
			t.Errorf("%s: %q, want %d", command, got, want)
		}
	}
}

// TestComposePageNamesEveryLine looks for each line of the compose file in the
// tables behind it. A line that only opens a mapping needs none, unless it is
// one of a service.
func TestComposePageNamesEveryLine(t *testing.T) {
	_, page, _ := strings.Cut(read(t, "docs/from-docker-compose.md"), "```yaml\n")
	file, tables, _ := strings.Cut(page, "\n```")
	for line := range strings.Lines(file) {
		text := strings.TrimSpace(line)
		if text != "" && (!strings.HasSuffix(text, ":") || strings.HasPrefix(line, "    ")) &&
			!strings.Contains(tables, "| `"+text+"` |") {
			t.Errorf("docs/from-docker-compose.md explains no line `%s`", text)
		}
	}
}
