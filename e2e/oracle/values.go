package oracle

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/resource"
	"pgregory.net/rapid"
)

// drawer draws the props of one part of a system.
type drawer struct {
	*rapid.T

	// name is what the names of the draws begin with.
	name string

	// set is how many of 128 fields get a tame value, which the documentation
	// invites, and wild how many get any other. The rest keep their default.
	set, wild int
}

// of returns the drawer of the field called name.
func (d drawer) of(name string) drawer {
	d.name += name + "."
	return d
}

// rarely returns a drawer that sets fewer fields, for a struct of many.
func (d drawer) rarely() drawer {
	d.set /= 2
	return d
}

// onlyWild returns a drawer for a field that must not be given.
func (d drawer) onlyWild() drawer {
	d.set = 0
	return d
}

// tame reports whether no value breaks a rule. Those of one draw then fit
// together.
func (d drawer) tame() bool { return d.wild == 0 }

// dice is a number below 128, each as often as the others; those of package
// rapid prefer small ones.
var dice = rapid.Custom(func(t *rapid.T) int {
	n := 0
	for range 7 {
		n *= 2
		if rapid.Bool().Draw(t, "") {
			n++
		}
	}
	return n
})

// chance is true n times of 128.
func (d drawer) chance(name string, n int) bool { return dice.Draw(d.T, d.name+name+"?") >= 128-n }

// flag draws a field that is true or false.
func (d drawer) flag(name string) bool { return d.chance(name, d.set+d.wild) }

// field draws the value of one field.
func field[T any](d drawer, name string, tame, wild *rapid.Generator[T]) T {
	var zero T
	switch n := dice.Draw(d.T, d.name+name+"?"); {
	case n >= 128-d.wild:
		return wild.Draw(d.T, d.name+name)
	case n >= 128-d.wild-d.set:
		return tame.Draw(d.T, d.name+name)
	}
	return zero
}

// required draws the value of a field that has no default.
func required[T any](d drawer, name string, tame, wild *rapid.Generator[T]) T {
	if d.chance(name, d.wild) {
		return wild.Draw(d.T, d.name+name)
	}
	return tame.Draw(d.T, d.name+name)
}

// word returns the texts of g as values of another type.
func word[T ~string](g *rapid.Generator[string]) *rapid.Generator[T] {
	return rapid.Map(g, func(s string) T { return T(s) })
}

// oneOf draws the value of a field that takes a few texts.
func oneOf[T ~string](d drawer, name string, allowed ...T) T {
	return field(d, name, rapid.SampledFrom(allowed), word[T](anything))
}

// list draws up to three elements.
func list[T any](g *rapid.Generator[T]) *rapid.Generator[[]T] { return rapid.SliceOfN(g, 0, 3) }

// some draws one to three different elements.
func some[T comparable](g *rapid.Generator[T]) *rapid.Generator[[]T] {
	return rapid.SliceOfNDistinct(g, 1, 3, func(v T) T { return v })
}

// table draws up to three entries.
func table(keys, values *rapid.Generator[string]) *rapid.Generator[map[string]string] {
	return rapid.MapOfN(keys, values, 0, 3)
}

// elements draws one to three elements, each by draw.
func elements[T any](d drawer, name string, draw func(d drawer) T) []T {
	if !d.flag(name) {
		return nil
	}
	var all []T
	for range rapid.IntRange(1, 3).Draw(d.T, d.name+name) {
		all = append(all, draw(d.of(name)))
	}
	return all
}

// The texts that break things: with blanks at the ends, in the wrong case, just
// too long, and those that YAML takes for something else.
var awkward = rapid.SampledFrom([]string{
	" ", "a ", " a", "A", "-a", "a-", "a.b", "a..b", ".a", "a.", "a_b", "a/b", "/", "//", "..", "0", "-1", "1a", "é",
	"日本", "\x00", "a\x00b", "\n", "a\nb", "\t", "\u2028", "\ufeff", "\u0085", "\x7f", `"`, "'", `\`, "`", "$", "$(A)",
	"$$(A)", "${A}", "*", "&a", "!!str", "|", ">", "%", "@", "#", "a #b", ": ", "- a", "? ", "{}", "[]", "{{.}}", "<<",
	"---", "...", "null", "Null", "~", "true", "True", "yes", "on", "NO", "1", "1.0", "1e3", "0x1F", "0o17", "0X1F",
	"1e_1", "017", "1_000", "12:30:45", ".inf", ".nan", "2001-01-01", "=", "http://a", "a:b", "a=b", "a,b", "1Gi", "500m",
	"1e400", "-1Gi", "1.5", "0.1m", "1n", strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("a", 253),
	strings.Repeat("a", 254), strings.Repeat("a.", 130) + "a",
})

var anything = rapid.OneOf(awkward, rapid.String(), rapid.StringMatching(`[A-Za-z0-9._/:@-]{0,70}`))

// pattern draws texts that match.
func pattern(text string) *rapid.Generator[string] { return rapid.StringMatching(text) }

var (
	label   = pattern(`[a-z]([-a-z0-9]{0,20}[a-z0-9])?|[a-z]{1,2}[-a-z0-9]{40,55}[a-z0-9]`)
	short   = pattern(`[a-z][a-z0-9]{0,8}`)
	dnsName = pattern(`[a-z0-9]{1,9}([.-][a-z0-9]{1,9}){0,4}`)
	envName = pattern(`[A-Za-z_][A-Za-z0-9_]{0,30}`)
	key     = pattern(`[A-Za-z_-][A-Za-z0-9._-]{0,39}`)
	role    = pattern(`[A-Za-oq-z_][A-Za-z0-9_-]{0,62}`)
	path    = pattern(`(/[a-z0-9][a-z0-9._-]{0,9}){1,4}`)
	below   = pattern(`[a-z0-9]{1,9}(/[a-z0-9][a-z0-9._-]{0,9}){0,2}`)
	urlPath = pattern(`(/[A-Za-z0-9_~:+-][A-Za-z0-9._~@:+-]{0,9}(%2[0-9A-E])?){1,4}/?(\?[a-z0-9=&;,/]{0,10})?`)
	// No browser takes the last label for a number.
	server    = pattern(`([a-z0-9]{1,9}[.-]){0,4}[g-w][a-z0-9]{0,8}`)
	host      = pattern(`\.?([a-z0-9]{1,9}[.-]){0,4}[g-w][a-z0-9]{0,8}`)
	imageName = pattern(`([a-z0-9]{1,9}([.-][a-z0-9]{1,9}){0,2}(:[0-9]{2,5})?/)?[a-z0-9]{1,9}([._/-][a-z0-9]{1,9}){0,2}` +
		`:[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}|[a-z]{1,9}@sha256:[0-9a-f]{64}|[a-z]{1,9}`)
	cpu   = pattern(`[1-9][0-9]{0,3}m|[1-9]|[1-9]\.[0-9]{1,3}|[1-9]e[0-2]`)
	bytes = pattern(`[1-9][0-9]{0,3}(Mi|Gi|G)|[1-9][0-9]{0,2}Ti|[2-9][0-9]{0,2}M|[1-9]\.5[GM]i|[2-9][0-9]{3}Ki` +
		`|[2-9]e[6-9]`)
	id      = rapid.IntRange(1, 1<<31-1)
	numbers = rapid.SampledFrom([]int{
		-1, 1, 2, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1<<53 + 1, 1<<63 - 1, -1 << 63, 65535, 65536,
	})
	number  = rapid.OneOf(numbers, rapid.Int())
	seconds = rapid.IntRange(1, 3600)
	port    = rapid.IntRange(1, 65535)
	// A user that is not root cannot listen below.
	serverPort = rapid.IntRange(1024, 65535)
	address    = pattern(`(192\.0\.2|10\.1[0-9]?\.[1-9])\.[1-9][0-9]?|2001:db8(:[1-9a-f][0-9a-f]{0,3}){6}`)
	cidr       = pattern(`192\.0\.2\.[1-9][0-9]?/32|10\.[1-9][0-9]?\.0\.0/16|2001:db8:[1-9a-f][0-9a-f]{0,3}::/48`)

	// texts are handed to a process as they are.
	texts    = rapid.OneOf(awkward, pattern(`[ -~]{0,20}`), rapid.String()).Filter(harmless)
	words    = list(texts)
	envTable = table(envName, texts)

	labelKey    = pattern(`([a-z]{1,9}\.example/)?[B-Zb-z]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?`)
	labelValue  = pattern(`([A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?)?`)
	labelTable  = table(labelKey, labelValue)
	annotations = table(labelKey, texts)
	wildTable   = table(anything, anything)
	wildList    = list(anything)
)

// harmless leaves out what YAML or a process does not take, and the name of a
// variable that there may not be.
func harmless(s string) bool {
	control := func(r rune) bool {
		return r != '\t' && r != '\n' && unicode.IsControl(r) || strings.ContainsRune("\u2028\u2029\ufeff", r)
	}
	return utf8.ValidString(s) && !strings.ContainsFunc(s, control) && (!strings.Contains(s, "$(") || s == "$$(A)") &&
		!slices.Contains([]string{"0X1F", "0o17", "1e_1"}, s)
}

// ordered returns two amounts, the smaller one first.
func ordered(a, b string) (low, high string) {
	x, errX := resource.ParseQuantity(a)
	y, errY := resource.ParseQuantity(b)
	if errX == nil && errY == nil && x.Cmp(y) > 0 {
		return b, a
	}
	return a, b
}
