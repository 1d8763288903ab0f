package synth

import (
	"os"
	"strings"
	"testing"
)

func TestOrderBringsTheIdentityToTheTop(t *testing.T) {
	const sorted = `apiVersion: v1
data:
  text: |
    kind: no key
    ---
    metadata: none either

    end
kind: ConfigMap
metadata:
  name: config
---
kind: Odd
spec:
  - a
`
	const want = `apiVersion: v1
kind: ConfigMap
metadata:
  name: config
data:
  text: |
    kind: no key
    ---
    metadata: none either

    end
---
kind: Odd
spec:
  - a
`
	if got := headFirst(sorted); got != want {
		t.Errorf("headFirst() = %q, want %q", got, want)
	}
	if got := headFirst(want); got != want {
		t.Errorf("a second time: %q", got)
	}
}

func BenchmarkOrder(b *testing.B) {
	content, err := os.ReadFile("../examples/production/dist/guestbook.k8s.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for name, copies := range map[string]int{"1": 1, "100": 100} {
		text := strings.TrimSuffix(strings.Repeat(string(content)+"---\n", copies), "---\n")
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				headFirst(text)
			}
		})
	}
}
