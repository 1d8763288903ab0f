package reference

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// titles finds the headings that links lead to, in the pages below docs and in
// README.md.
type titles struct {
	root string
	// generated are the headings of the pages that are written here, by page and
	// anchor.
	generated map[string]string
	lost      *[]string
}

func newTitles(root string) titles { return titles{root, map[string]string{}, new([]string)} }

var (
	headingLine = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notInAnchor = regexp.MustCompile("[^a-z0-9 _-]")
)

// link returns a link to a page, relative to docs, and its heading. prefix leads
// from the page that holds the link to docs.
func (t titles) link(page, prefix string) string {
	file, at, _ := strings.Cut(page, "#")
	text := path.Base(file)
	switch heading := t.heading(file, at); {
	case at == "":
	case heading == "":
		*t.lost = append(*t.lost, fmt.Sprintf("%s has no heading for #%s", file, at))
	default:
		text += ", " + heading
	}
	return fmt.Sprintf("[%s](%s%s)", text, prefix, page)
}

func (t titles) heading(file, at string) string {
	if heading := t.generated[file+"#"+at]; heading != "" {
		return heading
	}
	content, err := os.ReadFile(filepath.Join(t.root, "docs", filepath.FromSlash(file)))
	if err != nil {
		return ""
	}
	for _, found := range headingLine.FindAllStringSubmatch(string(content), -1) {
		if strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(found[1]), ""), " ", "-") == at {
			return found[1]
		}
	}
	return ""
}

// missing reports the headings that links name and no page has.
func (t titles) missing() error {
	if len(*t.lost) == 0 {
		return nil
	}
	slices.Sort(*t.lost)
	return errors.New(strings.Join(slices.Compact(*t.lost), "\n"))
}
