package reference

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// markup turns the comments of one package into Markdown.
type markup struct {
	*source
	in *pkg
	// pages are the pages of the types.
	pages map[*typ]string
	at    token.Pos
}

var (
	// special are the characters that Markdown would read.
	special = regexp.MustCompile("[|*<>`\\[\\]]")

	// reference matches a link of a comment: [Name] or [pkg.Name.Method].
	reference = regexp.MustCompile(`\[(\*?[A-Za-z]\w*(?:\.[A-Z]\w*){0,2})\]`)

	// pieces of a comment that are no plain text: its links, addresses, pages of
	// docs, and code.
	piece = regexp.MustCompile("(^|[^\\w\\])])\\[\\*?[A-Za-z]\\w*(?:\\.[A-Z]\\w*){0,2}\\]" +
		"|https?://[^\\s,;)\"]*[^\\s,;)\".]|\\bdocs/[a-z]+\\.md|`[^`]*`|\\$+\\([A-Z_]+\\)")
)

// escape makes text plain for Markdown, but for code in backquotes.
func escape(text string) string {
	parts := strings.Split(text, "`")
	for i := range parts {
		if i%2 == 0 {
			parts[i] = special.ReplaceAllString(parts[i], `\$0`)
		}
	}
	return strings.Join(parts, "`")
}

// line returns a comment as one line of Markdown.
func (m markup) line(comment string) string {
	comment = strings.Join(strings.Fields(comment), " ")
	var b strings.Builder
	for comment != "" {
		at := piece.FindStringIndex(comment)
		if at == nil {
			b.WriteString(escape(comment))
			break
		}
		found := comment[at[0]:at[1]]
		if i := strings.IndexByte(found, '['); i >= 0 && reference.MatchString(found[i:]) {
			at[0] += i
			found = found[i:]
		}
		b.WriteString(escape(comment[:at[0]]))
		comment = comment[at[1]:]
		switch {
		case strings.HasPrefix(found, "["):
			b.WriteString(m.link(strings.Trim(found, "[]")))
		case strings.HasPrefix(found, "docs/"):
			fmt.Fprintf(&b, "[%s](../%s)", found, strings.TrimPrefix(found, "docs/"))
		case strings.HasPrefix(found, "$"):
			b.WriteString("`" + found + "`")
		case strings.HasPrefix(found, "http"):
			b.WriteString("<" + found + ">")
		default:
			b.WriteString(found)
		}
	}
	return b.String()
}

// paragraphs returns a comment as paragraphs of Markdown.
func (m markup) paragraphs(comment string) []string {
	var all []string
	for paragraph := range strings.SplitSeq(strings.TrimSpace(comment), "\n\n") {
		if code, ok := strings.CutPrefix(paragraph, "\t"); ok {
			all = append(all, "```go\n"+strings.ReplaceAll(code, "\n\t", "\n")+"\n```")
			continue
		}
		all = append(all, m.line(paragraph))
	}
	return all
}

// defaults returns what a comment says of the default. A constant that stands
// alone is its value.
func (m markup) defaults(comment string) string {
	comment = strings.Join(strings.Fields(comment), " ")
	if comment == "Required." {
		return "**required**"
	}
	if condition, ok := strings.CutPrefix(comment, "Required "); ok {
		return "**required** " + m.line(strings.TrimSuffix(condition, "."))
	}
	return strings.TrimSuffix(m.line(strings.TrimSuffix(comment, ".")), ".")
}

// link returns what a comment means by [name].
func (m markup) link(name string) string {
	name = strings.TrimPrefix(name, "*")
	if value := m.value(m.in, name); value != "" {
		return "`" + value + "`"
	}
	if t := m.find(m.in, name); t != nil {
		return m.typeLink(t)
	}
	if m.known(name) {
		return "`" + name + "`"
	}
	m.complain(m.at, "the comment names [%s], which is nothing that is exported", name)
	return name
}

// known reports whether name is a function, a method, a field, or a variable.
func (m markup) known(name string) bool {
	p, rest := m.in, name
	if of, after, ok := strings.Cut(name, "."); ok && m.packages[of] != nil {
		p, rest = m.packages[of], after
	}
	if _, ok := p.values[rest]; ok || p.functions[rest] != nil {
		return true
	}
	of, method, ok := strings.Cut(rest, ".")
	if !ok || p.types[of] == nil {
		return false
	}
	t := p.types[of]
	if _, is := m.signatures(t)[method]; is {
		return true
	}
	return t.structure() != nil && slices.ContainsFunc(m.fields(t), func(f field) bool { return f.name == method })
}

// typeLink returns the name of a type of the library, which leads to where it is
// described.
func (m markup) typeLink(t *typ) string {
	name := t.full()
	if page := m.pages[t]; page != "" {
		return fmt.Sprintf("[%#q](%s)", name, page)
	}
	return "`" + name + "`"
}

// typeOf returns the type of a field, whose parts lead to where they are
// described.
func (m markup) typeOf(t *typ, e ast.Expr) string {
	plain := !slices.ContainsFunc(named(e), func(name string) bool {
		return strings.Contains(name, ".") || m.find(t.in, name) != nil
	})
	if plain {
		return "`" + text(e) + "`"
	}
	switch e := e.(type) {
	case *ast.StarExpr:
		return "\\*" + m.typeOf(t, e.X)
	case *ast.ArrayType:
		return "\\[\\]" + m.typeOf(t, e.Elt)
	case *ast.MapType:
		return "map\\[" + m.typeOf(t, e.Key) + "\\]" + m.typeOf(t, e.Value)
	}
	name := text(e)
	if found := m.find(t.in, name); found != nil {
		return m.typeLink(found)
	}
	if of, rest, ok := strings.Cut(name, "."); ok && t.imports[of] != "" && !strings.HasPrefix(t.imports[of], module) {
		return fmt.Sprintf("[%#q](https://pkg.go.dev/%s#%s)", name, t.imports[of], rest)
	}
	return "`" + name + "`"
}

// table lists the fields of a struct.
func (m markup) table(t *typ) string {
	var b strings.Builder
	b.WriteString("| field | type | default | meaning |\n|---|---|---|---|\n")
	m.in = t.in
	for _, f := range m.fields(t) {
		m.at = f.at
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n",
			f.name, m.typeOf(t, f.expr), m.defaults(f.defaults), m.line(predicate(f)))
	}
	return b.String()
}

// predicate is what a comment says of a field, without its name where that is
// the subject alone.
func predicate(f field) string {
	for _, verb := range []string{" is ", " are "} {
		if rest, ok := strings.CutPrefix(f.meaning, f.name+verb); ok {
			return strings.ToUpper(rest[:1]) + rest[1:]
		}
	}
	return f.meaning
}

// methodTable lists the exported methods of a type.
func (m markup) methodTable(t *typ, methods []*doc.Func) string {
	var b strings.Builder
	for _, f := range methods {
		if !ast.IsExported(f.Name) {
			continue
		}
		m.in, m.at = t.in, f.Decl.Pos()
		declaration := *f.Decl
		declaration.Doc, declaration.Body, declaration.Recv = nil, nil, nil
		shown := strings.TrimPrefix(text(&declaration), "func ")
		fmt.Fprintf(&b, "| `%s` | %s |\n", shown, m.line(sentence(f.Doc)))
	}
	if b.Len() == 0 {
		return ""
	}
	return "| method | returns |\n|---|---|\n" + b.String()
}

// sentence returns the first sentence of a comment.
func sentence(comment string) string { return new(doc.Package).Synopsis(comment) }

// width is the number of columns of a line that is no table, heading or code.
const width = 120

// wrap breaks the long lines of a page.
func wrap(page string) string {
	var b strings.Builder
	code := false
	for line := range strings.SplitSeq(page, "\n") {
		if strings.HasPrefix(line, "```") {
			code = !code
		}
		if code || len(line) <= width || strings.ContainsAny(line[:1], "|#<") {
			b.WriteString(line + "\n")
			continue
		}
		hang := ""
		if strings.HasPrefix(line, "- ") {
			hang = "  "
		}
		column := 0
		for i, word := range strings.Fields(line) {
			switch {
			case i == 0:
			case column+1+len(word) > width:
				b.WriteString("\n" + hang)
				column = len(hang)
			default:
				b.WriteByte(' ')
				column++
			}
			b.WriteString(word)
			column += len(word)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
