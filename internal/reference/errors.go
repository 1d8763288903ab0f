package reference

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/django-cdk8s/internal/reference/messages"
	"example.com/django-cdk8s/manifest"
)

// ErrorsPage is the index of messages.
const ErrorsPage = "docs/errors.md"

// Texts of the page.
const (
	upgradeTitle = "Upgrade guard"

	errorsIntroduction = `# Messages

Every message of the library, and where it is explained. In a message, "..." stands for what differs: a name, a number,
a list. A problem of props has the form

    CONSTRUCT PATH: FIELD: VALUE: MESSAGE

and one of finished manifests ends in the name of its rule, in parentheses. All problems of a run are reported at once,
and nothing is written. For a symptom rather than a message see [Troubleshooting](troubleshooting.md).

`
	upgradeAdvice = "The manifests would lose data, or be refused by the cluster, compared with those of the last " +
		"commit. Change the app back, or, where the change is wanted, name it in `Environment.Accept` with a reason."

	programsIntroduction = `## In the cluster

Lines that the programs of the library print when they fail or wait, in the log of the container. Those of backups,
restores and drills also stand in the status of the pod.
`
)

// group is one chapter of the page: the messages of some packages, or of one rule.
type group struct {
	title, todo string
	rows        []row
}

// row is one message.
type row struct{ text, fields, from, page string }

// errorsPage returns the index of messages.
func errorsPage(root string, headings titles) (string, error) {
	found, err := messages.Find(root)
	if err != nil {
		return "", err
	}
	lines, err := messages.Programs(root)
	if err != nil {
		return "", err
	}
	x := messageIndex{root: root, known: map[string]bool{}, titles: headings}
	for _, chapter := range chapters {
		x.groups = append(x.groups, &group{title: chapter.title, todo: chapter.todo})
	}
	for _, rule := range manifest.Rules() {
		if ruleAdvice[rule.Name] == "" {
			x.complain("advice.go does not say what to do about rule %s", rule.Name)
		}
		x.groups = append(x.groups, &group{title: "Rule " + rule.Name, todo: rule.Doc + " " + ruleAdvice[rule.Name]})
	}
	for _, name := range []string{"image-tags", "disk", "external-ips"} {
		x.groups = append(x.groups, &group{title: "Warning " + name, todo: "Allowed, and seldom wanted. " + ruleAdvice[name]})
	}
	x.groups = append(x.groups, &group{title: upgradeTitle, todo: upgradeAdvice})
	for _, m := range found {
		x.add(m)
	}
	for _, m := range byHand {
		x.addByHand(m)
	}
	for name := range passedOn {
		if !x.known[name] {
			x.complain("advice.go lists %s, which makes no message of others any more", name)
		}
	}
	var b strings.Builder
	b.WriteString(errorsIntroduction)
	for _, g := range x.groups {
		x.write(&b, g)
	}
	x.programs(&b, lines)
	if len(x.problems) > 0 {
		return "", fmt.Errorf("%s: %s", ErrorsPage, strings.Join(x.problems, "\n"))
	}
	return b.String(), nil
}

type messageIndex struct {
	root     string
	groups   []*group
	problems []string
	// known are the entries of passedOn that were met.
	known  map[string]bool
	titles titles
}

func (x *messageIndex) complain(format string, values ...any) {
	x.problems = append(x.problems, fmt.Sprintf(format, values...))
}

// place returns the chapter called title.
func (x *messageIndex) place(title string) *group {
	at := slices.IndexFunc(x.groups, func(g *group) bool { return g.title == title })
	if at < 0 {
		x.complain("there is no chapter %q", title)
		return &group{}
	}
	return x.groups[at]
}

// add puts a message into its chapters.
func (x *messageIndex) add(m messages.Message) {
	from := m.Package + "." + m.Function
	text := code(m.Text)
	if m.Text == "" {
		text = passedOn[from]
		if text == "" {
			x.complain("%s/%s: the text of a message of %s cannot be told from the source; say in advice.go what it is",
				m.Package, m.File, m.Function)
			return
		}
		x.known[from] = true
		if text == nothing {
			return
		}
	}
	r := row{text: text, fields: fieldList(m.Fields), from: "`" + from + "`"}
	if m.Package == "manifest/upgrade" {
		r.from = fmt.Sprintf("%#q, %q", "upgrade."+m.Rules[0], upgradeRules[m.Rules[0]])
	}
	for _, title := range x.chaptersOf(m) {
		r.page = x.page(m, title)
		g := x.place(title)
		if at := slices.IndexFunc(g.rows, func(other row) bool {
			return other.text == r.text && other.fields == r.fields && other.page == r.page
		}); at < 0 {
			g.rows = append(g.rows, r)
		}
	}
}

// chaptersOf returns the titles of the chapters of a message.
func (x *messageIndex) chaptersOf(m messages.Message) []string {
	switch {
	case m.Package == "manifest/upgrade":
		return []string{upgradeTitle}
	case strings.HasPrefix(m.Package, "manifest/"):
		return []string{"Rule isolation"}
	case m.Package == "manifest" && len(m.Rules) > 0:
		var titles []string
		for _, rule := range m.Rules {
			title := "Rule " + rule
			if !slices.ContainsFunc(manifest.Rules(), func(r manifest.Rule) bool { return r.Name == rule }) {
				title = "Warning " + rule
			}
			if !slices.Contains(titles, title) {
				titles = append(titles, title)
			}
		}
		return titles
	}
	for _, chapter := range chapters {
		if slices.Contains(chapter.packages, m.Package) {
			return []string{chapter.title}
		}
	}
	x.complain("no chapter in advice.go holds the messages of %s", m.Package)
	return nil
}

// page returns the link to the page that explains a message.
func (x *messageIndex) page(m messages.Message, title string) string {
	if page := rulePages[strings.TrimPrefix(strings.TrimPrefix(title, "Rule "), "Warning ")]; page != "" {
		return x.pageLink(page)
	}
	if len(m.Rules) == 1 && upgradePages[m.Rules[0]] != "" {
		return x.pageLink(upgradePages[m.Rules[0]])
	}
	for _, name := range []string{m.Package + "." + m.Function, m.Package + "/" + m.File, m.Package} {
		if page := explains[name]; page != "" {
			return x.pageLink(page)
		}
	}
	x.complain("advice.go names no page for the messages of %s/%s", m.Package, m.File)
	return ""
}

// pageLink returns a link to a page below docs, with its heading.
func (x *messageIndex) pageLink(page string) string { return x.titles.link(page, "") }

// addByHand adds a message that no call makes in a way that can be read, after a
// look at its source.
func (x *messageIndex) addByHand(m hand) {
	content, err := os.ReadFile(filepath.Join(x.root, m.file))
	if err != nil {
		x.complain("%v", err)
		return
	}
	for part := range strings.SplitSeq(m.text, "...") {
		if part = strings.TrimSpace(part); part != "" && !strings.Contains(string(content), part) {
			x.complain("advice.go has a message with %q, which is not in %s", part, m.file)
		}
	}
	x.place(m.chapter).rows = append(x.place(m.chapter).rows, row{
		text: code(m.text), fields: m.fields, from: "`" + strings.TrimSuffix(m.file, ".go") + "`", page: x.pageLink(m.page),
	})
}

// code returns a text as code in a table.
func code(text string) string {
	text = strings.ReplaceAll(text, "|", `\|`)
	if strings.Contains(text, "`") {
		return "`` " + text + " ``"
	}
	return "`" + text + "`"
}

// mostFields is the number of fields that a row names.
const mostFields = 4

func fieldList(fields []string) string {
	var all []string
	for i, field := range fields {
		if i == mostFields {
			all = append(all, fmt.Sprintf("and %d more", len(fields)-mostFields))
			break
		}
		all = append(all, "`"+field+"`")
	}
	return strings.Join(all, ", ")
}

func (x *messageIndex) write(b *strings.Builder, g *group) {
	if len(g.rows) == 0 {
		x.complain("the chapter %q has no message", g.title)
	}
	fmt.Fprintf(b, "## %s\n\n%s\n\n| message | field | made by | explained |\n|---|---|---|---|\n", g.title, g.todo)
	for _, r := range g.rows {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", r.text, r.fields, r.from, r.page)
	}
	b.WriteString("\n")
}

// programs lists the lines of the programs that run in the cluster.
func (x *messageIndex) programs(b *strings.Builder, lines []messages.Line) {
	b.WriteString(programsIntroduction + "\n| container | line | what to do |\n|---|---|---|\n")
	used := map[string]bool{}
	for _, line := range lines {
		p, ok := programs[line.Program]
		if !ok {
			x.complain("advice.go does not say whose program %s is", line.Program)
			continue
		}
		used[line.Program] = true
		todo := p.todo
		matches := 0
		for text, special := range lineAdvice {
			if strings.Contains(line.Text, text) {
				todo = special
				used[text] = true
				matches++
			}
		}
		if matches > 1 {
			x.complain("advice.go has advice for %q twice", line.Text)
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", p.container, code(line.Text), todo)
	}
	for _, m := range byHandInCluster {
		content, err := os.ReadFile(filepath.Join(x.root, m.file))
		if err != nil || !strings.Contains(string(content), m.text) {
			x.complain("advice.go has a line %q, which is not in %s", m.text, m.file)
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", m.fields, code(m.text), m.page)
	}
	for text := range lineAdvice {
		if !used[text] {
			x.complain("advice.go has advice for %q, which no program prints", text)
		}
	}
	b.WriteString("\n")
}
