package manifest_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestTheDocsShowATestedExample: the code in docs/checks.md is that of
// [ExampleLoad], for another directory.
func TestTheDocsShowATestedExample(t *testing.T) {
	docs, example := readText(t, "../docs/checks.md"), readText(t, "example_test.go")
	blocks := regexp.MustCompile("(?s)```go\n(objects.*?)```").FindAllStringSubmatch(docs, -1)
	if len(blocks) != 1 {
		t.Fatalf("docs/checks.md holds %d examples of Load, want one", len(blocks))
	}
	code := "\t" + strings.ReplaceAll(strings.TrimSpace(blocks[0][1]), "\n", "\n\t")
	code = strings.Replace(code, `Load("`, `Load("testdata/`, 1)
	if !strings.Contains(example, code+"\n\t// Output:") {
		t.Errorf("no Example is the code of docs/checks.md:\n%s", code)
	}
}

func readText(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
