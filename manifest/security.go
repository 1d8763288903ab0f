package manifest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// evaluator is the library that the API server itself uses.
var evaluator = sync.OnceValue(func() policy.Evaluator {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		panic("manifest: " + err.Error())
	}
	return evaluator
})

func (c *checker) podSecurity() {
	enforced := map[string]api.LevelVersion{}
	for _, o := range c.objects {
		if namespace, ok := o.Content.(*corev1.Namespace); ok {
			levels, errs := api.PolicyToEvaluate(namespace.Labels, api.Policy{
				Enforce: api.LevelVersion{Level: api.LevelPrivileged, Version: api.LatestVersion()},
			})
			for _, err := range errs {
				c.add(o, err.Field, fmt.Sprint(err.BadValue), "%s", err.Detail)
			}
			enforced[o.Name] = levels.Enforce
		}
	}
	for _, w := range c.workloads {
		level, ok := enforced[w.Namespace]
		if !ok {
			continue
		}
		result := policy.AggregateCheckResults(evaluator().EvaluatePod(level, &w.Template.ObjectMeta, &w.Template.Spec))
		if !result.Allowed {
			c.add(w.Object, w.Field, string(level.Level), "the namespace refuses the pod: %s", result.ForbiddenDetail())
		}
	}
}

// credentialName matches names whose value is a credential, by how they end:
// DB_PASSWORD, PGPASSWORD, clientSecret and AWS_SECRET_ACCESS_KEY, but neither
// POSTGRES_PASSWORD_FILE nor CACHE_KEY_PREFIX.
var credentialName = func() *regexp.Regexp {
	const (
		word      = `PASSWORD|PASSWD|PASSPHRASE|SECRETS?|TOKENS?|CREDENTIALS?`
		short     = `(^|[_.-])(PASS|PWD|PAT)`
		key       = `(SECRET|API|ACCESS|PRIVATE|ENCRYPTION|SIGNING|AUTH|SERVICE|ACCOUNT)[_.-]?KEY`
		fallbacks = `SECRET[_.-]KEY[_.-]FALLBACKS`
	)
	return regexp.MustCompile(`(?i)(` + word + `|` + short + `|` + key + `|` + fallbacks + `)[_.-]?\d*$`)
}()

// urlPassword matches a URL that carries a password.
var urlPassword = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://[^/?#\s"'<>:@]*:([^/\s@]+)@`)

// portAndMore matches what follows the colon in http://host:80?mail=a@b and in
// "http://host:80","a@b": a port, and an @ that is none of the URL's authority.
var portAndMore = regexp.MustCompile(`^(\d{1,5}|\$\([\w.-]+\))["'<>?#,]`)

// reference matches a reference to a variable, which Kubernetes or a shell fills
// in.
var reference = regexp.MustCompile(`\$(\([\w.-]+\)|\{\w+\}|[A-Z_][A-Z0-9_]*)`)

// absolutePath matches the path of a credential, such as
// /run/secrets/google/key.json.
var absolutePath = regexp.MustCompile(`^(/[\w.-]+){2,}$`)

func (c *checker) credentials() {
	if !c.options.Tracked {
		return
	}
	for _, o := range c.objects {
		if store, ok := o.custom.(*secretStore); ok {
			for i := range store.Spec.Provider.Fake.Data {
				c.add(o, fmt.Sprintf("spec.provider.fake.data[%d].value", i), "...",
					"git may commit these manifests: take another provider, or render into a directory that git ignores")
			}
		}
		switch content := o.Content.(type) {
		case *corev1.Secret:
			c.secretCredentials(o, content)
		case *corev1.ConfigMap:
			for _, key := range slices.Sorted(maps.Keys(content.Data)) {
				c.literal(o, "data", key, content.Data[key])
			}
		}
	}
	for _, w := range c.workloads {
		w.EachContainer(func(field string, container *corev1.Container, _ bool) {
			for _, env := range container.Env {
				c.literal(w.Object, field+".env", env.Name, env.Value)
			}
			c.arguments(w.Object, field+".command", container.Command)
			c.arguments(w.Object, field+".args", container.Args)
		})
	}
}

// credentialFlag matches a flag whose value is the next argument.
var credentialFlag = regexp.MustCompile(`(?i)^--?[\w-]*(password|passwd|passphrase|secret|token|api-?key)$`)

// arguments looks at each argument, under the name of the flag before it.
func (c *checker) arguments(o Object, field string, args []string) {
	for i, arg := range args {
		name := strconv.Itoa(i)
		if i > 0 && credentialFlag.MatchString(args[i-1]) && !strings.HasPrefix(arg, "-") && isCredential(arg) {
			c.add(o, fmt.Sprintf("%s[%s]", field, name), "...",
				"is a credential, and git may commit these manifests: keep it in a Secret that they do not hold")
			continue
		}
		c.literal(o, field, name, arg)
	}
}

func (c *checker) secretCredentials(o Object, secret *corev1.Secret) {
	data := map[string]string{}
	for key, value := range secret.Data {
		data[key] = string(value)
	}
	var plain []string
	for _, e := range c.plain[[2]string{"Secret", o.Name}] {
		if e.in(o.Namespace) {
			plain = append(plain, e.Keys...)
		}
	}
	c.secretValues(o, "data", data, plain)
	if _, ok := secret.Annotations[GeneratedKeysAnnotation]; ok {
		generated := generatedKeys(o)
		plain = slices.DeleteFunc(slices.Collect(maps.Keys(secret.StringData)),
			func(key string) bool { return slices.Contains(generated, key) })
	}
	c.secretValues(o, "stringData", secret.StringData, plain)
}

func (c *checker) secretValues(o Object, field string, values map[string]string, plain []string) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(plain, key) {
			c.add(o, fmt.Sprintf("%s[%s]", field, key), "...",
				"git may commit these manifests: take the value from an existing Secret or let the cluster "+
					"generate it, or render into a directory that git ignores")
			continue
		}
		c.literal(o, field, key, values[key])
	}
}

// literal adds a problem when the value called name looks like a credential, or
// holds what looks like one.
func (c *checker) literal(o Object, field, name, value string) {
	report := func(why string) {
		c.add(o, fmt.Sprintf("%s[%s]", field, name), "...",
			"%s, and git may commit these manifests: keep it in a Secret that they do not hold", why)
	}
	switch {
	case credentialName.MatchString(name) && isCredential(value):
		report("looks like a credential")
	case knownCredential.MatchString(value):
		report("has the form of a credential")
	case slices.ContainsFunc(assignment.FindAllStringSubmatch(value, -1),
		func(found []string) bool { return isCredential(found[1]) }):
		report("sets a credential")
	case slices.ContainsFunc(urlPassword.FindAllStringSubmatch(value, -1), func(found []string) bool {
		return isLiteral(found[1]) && !portAndMore.MatchString(found[1])
	}):
		report("holds a URL with a password")
	}
}

// knownCredential matches credentials of a known form: private keys, tokens of
// services that give them a prefix, signed web tokens.
var knownCredential = func() *regexp.Regexp {
	const (
		privateKey  = `-----BEGIN [A-Z ]*PRIVATE KEY-----`
		prefix      = `sk_live_|rk_live_|ghp_|gho_|github_pat_|glpat-|xox[abprs]-`
		accessKeyID = `AKIA[0-9A-Z]{16}\b`
		webToken    = `eyJ[\w-]{10,}\.eyJ`
	)
	return regexp.MustCompile(privateKey + `|\b(` + prefix + `|` + accessKeyID + `|` + webToken + `)`)
}()

// assignment matches a password or the like within a longer text, such as
// --password=x, "password": "x" or password = x.
var assignment = func() *regexp.Regexp {
	const name = `(?:password|passwd|passphrase|secret_key|api_key|token)["']?`
	const value = `["']?([^\s"',;]+)`
	return regexp.MustCompile(`(?i)` + name + `[ \t]*[=:][ \t]*` + value)
}()

// isCredential leaves out values that cannot be credentials: empty ones, true and
// false, numbers, paths, and references to variables.
func isCredential(value string) bool {
	if _, err := strconv.ParseFloat(value, 64); err == nil {
		return false
	}
	if _, err := strconv.ParseBool(value); err == nil {
		return false
	}
	return isLiteral(value) && !absolutePath.MatchString(value)
}

// isLiteral reports whether value has letters or digits besides those of
// references to variables.
func isLiteral(value string) bool {
	return strings.ContainsFunc(reference.ReplaceAllString(value, ""), func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r)
	})
}
