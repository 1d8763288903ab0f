// Package rule checks the values that a user gives, field by field, without
// stopping at the first mistake. It is plain Go: no check starts Node.
package rule

import (
	"fmt"
	"maps"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // Time zones are checked on machines that have no list of them, too.
	"unicode"
	"unicode/utf8"

	"github.com/robfig/cron/v3"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"example.com/django-cdk8s/internal/image"
)

// MaxID is the largest user or group id that Linux and Kubernetes accept.
const MaxID = 1<<31 - 1

// Errors collects the problems of one set of props. The zero value is ready to
// use.
type Errors struct{ list field.ErrorList }

// Add records that the field called name has a value that breaks the rule.
func (e *Errors) Add(name string, value any, rule string) {
	kind := field.ErrorTypeInvalid
	if value == "" && strings.HasPrefix(rule, "is required") {
		kind = field.ErrorTypeRequired
	}
	e.list = append(e.list, &field.Error{Type: kind, Field: name, BadValue: value, Detail: rule})
}

// Join adds the problems of the value of the field called name.
func (e *Errors) Join(name string, list field.ErrorList) {
	for _, err := range list {
		in := *err
		in.Field = name + "." + err.Field
		e.list = append(e.list, &in)
	}
}

// Append adds problems as they are.
func (e *Errors) Append(list field.ErrorList) { e.list = append(e.list, list...) }

// Err returns every problem found.
func (e *Errors) Err() field.ErrorList { return e.list }

// What names must be.
const (
	LabelText = "must be 1 to 63 lower-case letters, digits or '-', start with a letter and not end with '-'"

	DNSLabelText = "must be 1 to 63 lower-case letters, digits or '-', and start and end with a letter or digit"

	NameText = "must be 1 to 253 lower-case letters, digits, '-' or '.', and start and end with a letter or digit"
)

// Label checks the name of an object that also serves as a label value and a
// DNS label: a Service, a Deployment, a Namespace.
func (e *Errors) Label(field, value string) {
	if len(validation.IsDNS1035Label(value)) > 0 {
		e.Add(field, value, LabelText)
	}
}

// RequiredLabel is [Errors.Label] for a name that has no default; what says what it
// is.
func (e *Errors) RequiredLabel(field, value, what string) {
	if value == "" {
		e.Add(field, value, "is required: "+what)
		return
	}
	e.Label(field, value)
}

// DNSLabel checks a DNS label that may start with a digit: the name of a
// container, or of a namespace that the app does not make.
func (e *Errors) DNSLabel(field, value string) {
	if len(validation.IsDNS1123Label(value)) > 0 {
		e.Add(field, value, DNSLabelText)
		return
	}
	e.quoted(field, value)
}

// Name checks the name of any other object.
func (e *Errors) Name(field, value string) {
	if len(validation.IsDNS1123Subdomain(value)) > 0 {
		e.Add(field, value, NameText)
	}
	e.quoted(field, value)
}

// Names checks the names of several objects of one kind.
func (e *Errors) Names(field string, values []string) {
	for i, value := range values {
		e.Name(Item(field, i), value)
	}
	e.Unique(field, values)
}

// Port checks the number of a TCP port.
func (e *Errors) Port(field string, value int) {
	e.Range(field, value, 1, 65535)
}

// Range checks that value lies between low and high, both included.
func (e *Errors) Range(field string, value, low, high int) {
	if value < low || value > high {
		e.Add(field, value, fmt.Sprintf("must be between %d and %d", low, high))
	}
}

// UserID checks the numeric user that a container runs as.
func (e *Errors) UserID(field string, value int) {
	if value < 1 || value > MaxID {
		e.Add(field, value, fmt.Sprintf("must be between 1 and %d: Pod Security \"restricted\" refuses root", MaxID))
	}
}

// quantity checks an amount such as 500m or 1Gi and returns it. A wrong one
// is reported, and returned as nil.
func (e *Errors) quantity(field, value string) *resource.Quantity {
	q, err := resource.ParseQuantity(value)
	if err != nil || q.Sign() <= 0 {
		e.Add(field, value, "must be a positive Kubernetes quantity such as 500m, 512Mi or 5Gi")
		return nil
	}
	return &q
}

// maxCPU is the most CPU that a pod can ask for: more than any node has.
const maxCPU = "1024"

// CPU checks an amount of CPU and returns it. A wrong one is reported, and
// returned as nil.
func (e *Errors) CPU(field, value string) *resource.Quantity {
	q := e.quantity(field, value)
	switch {
	case q == nil:
		return nil
	case q.Format == resource.BinarySI:
		e.Add(field, value, "must be a number of cores such as 2, or of thousandths such as 500m, not of bytes")
	case q.Cmp(resource.MustParse("1m")) < 0:
		e.Add(field, value, "must be at least 1m, a thousandth of a core")
	case q.Cmp(resource.MustParse(maxCPU)) > 0:
		e.Add(field, value, "must be at most "+maxCPU+" cores")
	default:
		return q
	}
	return nil
}

// maxBytes is the most memory or storage that can be asked for.
const maxBytes = "1Pi"

// Bytes checks an amount of memory or storage and returns it. A wrong one is
// reported, and returned as nil.
func (e *Errors) Bytes(field, value string) *resource.Quantity {
	q := e.quantity(field, value)
	switch {
	case q == nil:
		return nil
	case q.Cmp(resource.MustParse(maxBytes)) > 0:
		e.Add(field, value, "must be at most "+maxBytes)
	case q.MilliValue()%1000 != 0 && strings.HasSuffix(value, "m"):
		e.Add(field, value, "must be a whole number of bytes: a unit of m means thousandths, write Mi for mebibytes")
	case q.MilliValue()%1000 != 0:
		e.Add(field, value, "must be a whole number of bytes: write it in a smaller unit, such as 1127Mi for 1.1Gi")
	case q.Value() < 1<<20:
		e.Add(field, value, "must be at least 1Mi; without a unit it counts bytes")
	default:
		return q
	}
	return nil
}

// AbsolutePath checks a path inside a container.
func (e *Errors) AbsolutePath(field, value string) {
	if !path.IsAbs(value) || path.Clean(value) != value || value == "/" ||
		strings.Contains(value, ":") || !writable(value) {
		e.Add(field, value,
			"must be an absolute path below /, without a trailing slash, '..', ':' or control characters")
	}
}

// urlPath matches a path that does not start with "//".
var urlPath = func() *regexp.Regexp {
	const encoded = `%[0-9A-Fa-f]{2}`
	const first = `[A-Za-z0-9._~!$&'()*+,;=:@?-]|` + encoded
	return regexp.MustCompile(`^/((` + first + `)(/|` + first + `)*)?$`)
}()

// URLPath checks the path of an HTTP request.
func (e *Errors) URLPath(field, value string) {
	file, _, _ := strings.Cut(value, "?")
	if !urlPath.MatchString(value) || strings.TrimSuffix(file, "/") != strings.TrimSuffix(path.Clean(file), "/") {
		e.Add(field, value, "must be a URL path that starts with one '/', without '.' or '..', "+
			"and with other characters percent-encoded")
	}
}

// Address checks the host name or IPv4 address of a server.
func (e *Errors) Address(field, value string) {
	if len(validation.IsDNS1123Subdomain(value)) > 0 {
		e.Add(field, value, "must be a lower-case host name or an IPv4 address, without scheme or port")
	} else if _, err := netip.ParseAddr(value); err != nil && EndsInNumber(value) {
		e.Add(field, value, "must be a host name or an IPv4 address, and is neither: its last label is a number")
	}
	e.quoted(field, value)
}

// EndsInNumber reports whether programs take a host name for an IPv4 address; see
// https://url.spec.whatwg.org/#ends-in-a-number-checker.
func EndsInNumber(name string) bool {
	last := name[strings.LastIndex(name, ".")+1:]
	digits, allowed := last, "0123456789"
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		digits, allowed = hex, allowed+"abcdef"
	}
	return strings.Trim(digits, allowed) == ""
}

var pythonName = regexp.MustCompile(`^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*)?$`)

// PythonName checks the name of a module, or of something in one.
func (e *Errors) PythonName(field, value string) {
	if !pythonName.MatchString(value) {
		e.Add(field, value, "must be the name of a Python module, such as shop or shop.celery, "+
			"or of something in it, such as shop.celery:app")
	}
}

var queueName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,254}$`)

// Queue checks the name of a queue of Celery, which takes a list of them
// separated by commas.
func (e *Errors) Queue(field, value string) {
	if !queueName.MatchString(value) {
		e.Add(field, value,
			"must be 1 to 255 letters, digits, '_', '.', ':' or '-', not starting with one of the last three")
	}
}

// CronFields returns a schedule with one blank between its fields.
func CronFields(schedule string) string { return strings.Join(strings.Fields(schedule), " ") }

// macros are the schedules with a name that Kubernetes documents.
var macros = []string{"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"}

// cronRanges are the sizes of the five fields: minutes, hours, days, months,
// days of the week.
var cronRanges = [5]int{60, 24, 31, 12, 7}

// Schedule checks a schedule with the parser that Kubernetes uses, and that it
// means what it says.
func (e *Errors) Schedule(field, value string) {
	const want = "must be the five fields of cron, such as \"30 4 * * *\", " +
		"or @hourly, @daily, @weekly, @monthly or @yearly"
	fields := strings.Fields(value)
	if strings.Contains(value, "TZ") {
		e.Add(field, value, "must not name a time zone, which TimeZone is for")
		return
	}
	every, isEvery := strings.CutPrefix(value, "@every ")
	if isEvery {
		// The controller looks at each CronJob about once a minute.
		if d, err := time.ParseDuration(every); err != nil || d < time.Minute {
			e.Add(field, value, "must be at least a minute, such as @every 90m")
		}
		return
	}
	if strings.HasPrefix(value, "@") && !slices.Contains(macros, value) || strings.ContainsAny(value, "\r\n") {
		e.Add(field, value, want)
		return
	}
	schedule, err := cron.ParseStandard(CronFields(value))
	switch {
	case err != nil && len(fields) == 5 && strings.Contains(fields[4], "7"):
		e.Add(field, value, "must have a day of the week between 0 and 6: Sunday is 0")
	case err != nil:
		e.Add(field, value, want)
	case schedule.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero():
		e.Add(field, value, "never runs: no date matches these fields")
	case len(fields) == 5:
		e.steps(field, value, fields)
	}
}

// steps reports steps that are longer than their field, such as */100 minutes,
// which mean the first of the field alone.
func (e *Errors) steps(field, value string, fields []string) {
	for i, one := range fields {
		for part := range strings.SplitSeq(one, ",") {
			_, step, _ := strings.Cut(part, "/")
			if n, err := strconv.Atoi(step); err == nil && n >= cronRanges[i] {
				e.Add(field, value, fmt.Sprintf(
					"must have steps below %d in field %d; /%d is longer than the field", cronRanges[i], i+1, n))
				return
			}
		}
	}
}

// zoneName matches a name in the database of time zones, without the copies and
// files that some machines have beside it.
var zoneName = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*)*$`)

// TimeZone checks the name of a time zone, as Kubernetes does.
func (e *Errors) TimeZone(field, value string) {
	if _, err := time.LoadLocation(value); err != nil || !zoneName.MatchString(value) ||
		strings.EqualFold(value, "local") || value == "Factory" {
		e.Add(field, value, "must be the name of a time zone, such as Europe/Vienna or Etc/UTC")
	}
}

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// BucketName checks the name of a bucket; see
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html.
func (e *Errors) BucketName(field, value string) {
	if _, err := netip.ParseAddr(value); err == nil || !bucketName.MatchString(value) || strings.Contains(value, "..") {
		e.Add(field, value, "must be 3 to 63 lower-case letters, digits, '-' or single '.', "+
			"start and end with a letter or digit, and be no IP address")
	}
	e.quoted(field, value)
}

// EnvName checks the name of an environment variable.
func (e *Errors) EnvName(field, value string) {
	if !envName.MatchString(value) {
		e.Add(field, value, "must be 1 to 253 letters, digits and '_', not starting with a digit")
	}
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,252}$`)

// SecretKey checks a key of a Secret.
func (e *Errors) SecretKey(field, value string) {
	if len(validation.IsConfigMapKey(value)) > 0 {
		e.Add(field, value, "must be 1 to 253 letters, digits, '-', '_' or '.'")
	}
	e.quoted(field, value)
}

// Image checks a container image reference.
func (e *Errors) Image(field, value string) {
	if value == "" {
		e.Add(field, value, "is required: the container image, such as docker.io/OWNER/NAME:TAG")
		return
	}
	switch {
	case !image.Valid(value):
		e.Add(field, value,
			"must be an image reference such as docker.io/OWNER/NAME:TAG; names are lower case, without a scheme")
	case numeral.MatchString(value):
		e.Add(field, value, "must not look like a number, as which YAML may be read: add the registry or a tag")
	}
}

// numeral matches what a version of YAML takes for a number.
var numeral = regexp.MustCompile(`^[0-9][0-9a-fxo_.]*$`)

// Text checks a text that is handed to a process by way of YAML. The text may be
// a credential and is not shown.
func (e *Errors) Text(field, value string) {
	e.YAML(field, value)
	if len(value) > maxText {
		e.Add(field, "...", "must be at most 128 KiB, the longest text that Linux hands to a process")
	}
}

// YAML checks a text that is written as YAML, which cannot carry every character.
// The text may be a credential and is not shown.
func (e *Errors) YAML(field, value string) {
	if !writable(value) {
		e.Add(field, "...", "must be UTF-8 text without control characters other than tab and line break")
	}
	e.quoted(field, value)
}

// Variable checks the name and the value of an environment variable, which
// Linux hands to a process as one text, NAME=VALUE.
func (e *Errors) Variable(field, name, value string) {
	e.EnvName(field, name)
	if excess := len(name) + len("=") + len(value) - maxText; excess > 0 && len(value) <= maxText {
		e.Add(field, "...",
			"must be at most 128 KiB together with its name, the longest text that Linux hands to a process")
	}
	e.Text(field, value)
}

// yaml11Number matches what YAML 1.1 calls a number. cdk8s puts a text that
// looks like one in quotes.
var yaml11Number = func() *regexp.Regexp {
	const (
		binary      = `0b[01_]+`
		hexadecimal = `0x[0-9a-fA-F_]+`
		digits      = `[0-9][0-9_]*`
		decimal     = digits + `(:[0-5]?[0-9])*(\.[0-9_]*)?|\.[0-9_]+`
		exponential = `(` + digits + `)?(\.[0-9_]*)?[eE][-+]?[0-9]+`
	)
	return regexp.MustCompile(`^[-+]?(` + binary + `|` + hexadecimal + `|` + decimal + `|` + exponential + `)$`)
}()

// quoted checks that cdk8s puts value in quotes if Kubernetes would otherwise
// read a number: Go's YAML library knows more of them, such as 0o17, 0XFF and
// 1e_1. The rule holds for each of the 88,740 texts of up to four of the
// characters that numbers are made of.
func (e *Errors) quoted(field, value string) {
	if value == "" || strings.Trim(value, "+-._0123456789abcdefABCDEFoOxX") != "" {
		return // No number has other characters.
	}
	var read any
	if err := yaml.Unmarshal([]byte(value), &read); err != nil {
		return
	}
	if _, number := read.(float64); number && !yaml11Number.MatchString(value) {
		e.Add(field, value, "would be parsed as a YAML number: write it in another way, such as 15 for 0o17")
	}
}

const maxText = 128<<10 - 1

// writable reports whether YAML carries value as it is.
func writable(value string) bool {
	return utf8.ValidString(value) && !strings.ContainsFunc(value, unwritable)
}

func unwritable(r rune) bool {
	switch r {
	case '\t', '\n', '\r':
		return false
	case '\u2028', '\u2029', '\uFEFF', '\uFFFE', '\uFFFF':
		// YAML counts the first two as line breaks.
		return true
	}
	return unicode.IsControl(r)
}

// OneOf checks that value is one of allowed.
func (e *Errors) OneOf(field, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		e.Add(field, value, "must be one of "+strings.Join(allowed, ", "))
	}
}

var databaseName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,62}$`)

// DatabaseName checks the name of a database. PostgreSQL takes more than these
// characters, but a client reads others as part of a URL or of a connection
// string.
func (e *Errors) DatabaseName(field, value string) {
	if value == "template0" || value == "template1" {
		e.Add(field, value, "must not be a template, which PostgreSQL makes other databases from")
	}
	e.identifier(field, value)
}

// RoleName checks the name of a PostgreSQL role.
func (e *Errors) RoleName(field, value string) {
	if strings.HasPrefix(value, "pg_") || value == "public" || value == "none" {
		e.Add(field, value, "must not be public, none or start with pg_, which PostgreSQL keeps to itself")
	}
	e.identifier(field, value)
}

func (e *Errors) identifier(field, value string) {
	if !databaseName.MatchString(value) {
		e.Add(field, value, "must be 1 to 63 letters, digits, '_' or '-', not starting with a digit or '-'")
	}
}

// Unique checks that no value appears twice. An empty one is for another check.
func (e *Errors) Unique(field string, values []string) {
	seen := map[string]bool{}
	for _, v := range values {
		if seen[v] && v != "" {
			e.Add(field, v, "is listed twice")
		}
		seen[v] = true
	}
}

// keyText says what the NAME of a key must be.
const keyText = "with a name of at most 63 letters, digits, '-', '_' or '.'"

// Labels checks the keys and values of labels.
func (e *Errors) Labels(field string, labels map[string]string) {
	for _, key := range Keys(labels) {
		if len(validation.IsQualifiedName(key)) > 0 {
			e.Add(Item(field, key), labels[key], "has a key that is no label key: [PREFIX/]NAME, "+keyText)
		}
		if len(validation.IsValidLabelValue(labels[key])) > 0 {
			e.Add(Item(field, key), labels[key],
				"must be at most 63 letters, digits, '-', '_' or '.', and start and end with a letter or digit")
		}
		e.quoted(Item(field, key), labels[key])
	}
}

// maxAnnotations is the size of all annotations of an object; see
// https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.37/#objectmeta-v1-meta.
const maxAnnotations = 256 << 10

// Annotations checks the keys and values of annotations. reserved are keys that
// follow from other fields, which it names.
func (e *Errors) Annotations(field string, annotations, reserved map[string]string) {
	size := 0
	for _, key := range Keys(annotations) {
		at, value := Item(field, key), annotations[key]
		size += len(key) + len(value)
		if len(validation.IsQualifiedName(strings.ToLower(key))) > 0 {
			e.Add(at, key, "has a key that is no annotation key: [PREFIX/]NAME, "+keyText)
		}
		if from, ok := reserved[key]; ok {
			e.Add(at, value, "is managed; set "+from+" instead")
		}
		if !writable(value) {
			e.Add(at, "...", "must be UTF-8 text without control characters other than tab and line break")
		}
		e.quoted(at, value)
	}
	if size > maxAnnotations {
		e.Add(field, "...", "must be at most 256 KiB together")
	}
}

// Item names one element of a list or map field, such as Hosts[0] or Env[DEBUG].
func Item(field string, key any) string { return fmt.Sprintf("%s[%v]", field, key) }

// Keys returns the keys of m, sorted.
func Keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// OptionalName checks the name of an object where one is given.
func (e *Errors) OptionalName(field, value string) {
	if value != "" {
		e.Name(field, value)
	}
}

// ContainerName checks the name of a container.
func (e *Errors) ContainerName(field, value string) { e.DNSLabel(field, value) }

// IP checks an IPv4 or IPv6 address.
func (e *Errors) IP(field, value string) {
	if ip, err := netip.ParseAddr(value); err != nil || ip.Zone() != "" || ip.Is4In6() {
		e.Add(field, value, "must be an IPv4 or IPv6 address, without a zone")
	}
}

// system are the directories of a container that a mount would take away from
// the programs in it.
var system = []string{
	"/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys",
	"/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin", "/usr/local/lib", "/usr/sbin",
	"/var", "/var/run", "/var/lib",
	"/var/run/secrets", "/var/run/secrets/kubernetes.io", "/var/run/secrets/kubernetes.io/serviceaccount",
	"/run/secrets/kubernetes.io/serviceaccount",
}

// MountPath checks the path at which a volume is mounted.
func (e *Errors) MountPath(field, value string) {
	switch {
	case slices.Contains(system, value):
		e.Add(field, value, "must be another path: a volume there hides what the image or Kubernetes puts there")
	case strings.HasPrefix(value, "/proc/") || strings.HasPrefix(value, "/sys/") || strings.HasPrefix(value, "/dev/"):
		e.Add(field, value, "must be another path: Linux itself provides what is there")
	default:
		e.AbsolutePath(field, value)
	}
}

// TooLong reports a name above limit characters; why is a reason besides the
// rule for labels, and made tells that the name is a default.
func (e *Errors) TooLong(field, value string, limit int, why string, made bool) {
	text := fmt.Sprintf("must be at most %d characters%s", limit, why)
	if made {
		text = "is the default, made of the project's name, and " + text + ": give another Name"
	}
	e.Add(field, value, text)
}

// Split returns the errors that err joins, one by one.
func Split(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, one := range joined.Unwrap() {
			all = append(all, Split(one)...)
		}
		return all
	}
	return []error{err}
}
