package manifest_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"example.com/django-cdk8s/manifest"
)

// copies returns the manifests of [systemFile] several times, each time in
// namespaces and with hosts of their own, and the options that go with them.
func copies(b *testing.B, n int) (text string, options manifest.Options) {
	b.Helper()
	content, err := os.ReadFile(systemFile)
	if err != nil {
		b.Fatal(err)
	}
	one := systemOptions()
	options.Tracked = one.Tracked
	var texts []string
	for i := range n {
		suffix := fmt.Sprintf("-%d", i)
		texts = append(texts, strings.NewReplacer(
			"django-app", "django-app"+suffix,
			"node-logging", "node-logging"+suffix,
			"shop.example.com", "shop"+suffix+".example.com",
		).Replace(string(content)))
		for _, e := range one.External {
			options.External = append(options.External, inCopy(e, suffix))
		}
		for _, e := range one.Plain {
			options.Plain = append(options.Plain, inCopy(e, suffix))
		}
	}
	return strings.Join(texts, separator), options
}

func inCopy(e manifest.External, suffix string) manifest.External {
	if e.Namespace != "" {
		e.Namespace += suffix
	}
	return e
}

var sizes = []int{1, 10, 100}

// BenchmarkCheck grows with the number of objects, and no faster.
func BenchmarkCheck(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("copies=%d", n), func(b *testing.B) {
			text, options := copies(b, n)
			objects := parse(b, text)
			if problems := manifest.Check(objects, options); len(problems) > 0 {
				b.Fatalf("%d problems, the first: %v", len(problems), problems[0])
			}
			b.ReportAllocs()
			for b.Loop() {
				manifest.Check(objects, options)
			}
		})
	}
}

// BenchmarkCheckIsolation reads policies, which [systemFile] has none of.
func BenchmarkCheckIsolation(b *testing.B) {
	objects := readFile(b, isolatedFile).objects()
	b.ReportAllocs()
	for b.Loop() {
		manifest.Check(objects, systemOptions())
	}
}

func BenchmarkParse(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("copies=%d", n), func(b *testing.B) {
			text, _ := copies(b, n)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				parse(b, text)
			}
		})
	}
}
