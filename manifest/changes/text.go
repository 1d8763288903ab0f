package changes

import (
	"fmt"
	"strings"
)

// Empty reports whether nothing differs.
func (r Report) Empty() bool { return len(r.Changes) == 0 }

// Summary counts the changes in a few words.
func (r Report) Summary() string {
	if r.Empty() {
		return "nothing changes"
	}
	counts := map[Action]int{}
	for _, c := range r.Changes {
		counts[c.Action]++
	}
	var parts []string
	for _, action := range []Action{Added, Changed, Removed} {
		if n := counts[action]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, action))
		}
	}
	return strings.Join(parts, ", ")
}

// Text returns the report for a terminal: a line for each object, and below it
// one for each field.
func (r Report) Text() string {
	var b strings.Builder
	for _, c := range r.Changes {
		fmt.Fprintf(&b, "%-8s %s\n", c.Action, c.line())
		for _, f := range c.Fields {
			fmt.Fprintf(&b, "           %s\n", f)
		}
	}
	for _, u := range r.Unsafe {
		fmt.Fprintf(&b, "%-8s %s\n", "UNSAFE", u.Error())
	}
	return b.String()
}

func (c Change) line() string {
	if len(c.Effects) == 0 {
		return c.Object
	}
	return c.Object + ": " + strings.Join(c.Effects, "; ")
}

// String returns the field in one line.
func (f Field) String() string {
	switch {
	case f.Before == "":
		return fmt.Sprintf("%s: %s is added", f.Path, f.After)
	case f.After == "":
		return fmt.Sprintf("%s: %s is removed", f.Path, f.Before)
	case f.Before == f.After:
		return f.Path + ": changes"
	}
	return fmt.Sprintf("%s: %s becomes %s", f.Path, f.Before, f.After)
}

// Markdown returns the report as a table of the objects, and the fields in a
// block that is closed at first, for a comment on a pull request.
func (r Report) Markdown() string {
	var b strings.Builder
	for _, u := range r.Unsafe {
		fmt.Fprintf(&b, "> **Unsafe:** %s\n>\n", escape(u.Error()))
	}
	if len(r.Unsafe) > 0 {
		b.WriteString("\n")
	}
	b.WriteString("| | object | what happens |\n|---|---|---|\n")
	count := 0
	for _, c := range r.Changes {
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", c.Action, c.Object, escape(strings.Join(c.Effects, "; ")))
		count += len(c.Fields)
	}
	if count == 0 {
		return b.String()
	}
	fields := "fields"
	if count == 1 {
		fields = "field"
	}
	fmt.Fprintf(&b, "\n<details><summary>%d %s</summary>\n\n```diff\n", count, fields)
	for _, c := range r.Changes {
		if len(c.Fields) == 0 {
			continue
		}
		fmt.Fprintf(&b, "  %s\n", c.Object)
		for _, f := range c.Fields {
			if f.Before != "" {
				fmt.Fprintf(&b, "- %s: %s\n", f.Path, f.Before)
			}
			if f.After != "" {
				fmt.Fprintf(&b, "+ %s: %s\n", f.Path, f.After)
			}
		}
	}
	b.WriteString("```\n\n</details>\n")
	return b.String()
}

// escape keeps text from being read as Markdown.
func escape(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`, "`", "\\`").Replace(text)
}
