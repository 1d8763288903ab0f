package svg_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"example.com/django-cdk8s/draw/svg"
	"example.com/django-cdk8s/manifest"
	"example.com/django-cdk8s/manifest/diagram"
)

func render(t *testing.T, dir string) []byte {
	t.Helper()
	objects, err := manifest.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	graph, err := diagram.New(objects)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := svg.Render(t.Context(), graph)
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

var generate = regexp.MustCompile(`(?m)^//go:generate go run \. -o (\S+) (\S+)$`)

func TestPicturesAreCurrent(t *testing.T) {
	command, err := os.ReadFile("../main.go")
	if err != nil {
		t.Fatal(err)
	}
	pictures := generate.FindAllStringSubmatch(string(command), -1)
	if len(pictures) == 0 {
		t.Fatal("main.go draws no picture")
	}
	for _, picture := range pictures {
		committed, err := os.ReadFile(filepath.Join("..", picture[1]))
		if err != nil {
			t.Error(err)
		}
		if !bytes.Equal(committed, render(t, filepath.Join("..", picture[2]))) {
			t.Errorf("%s is not what %s gives now: run go -C draw generate, and look at the picture", picture[1], picture[2])
		}
	}
}

// examples are directories of manifests that are drawn as a whole.
func examples(t *testing.T) []string {
	t.Helper()
	dirs := []string{"../../dist"}
	for _, pattern := range []string{"../../examples/*/dist", "../../constructs/postgres/testdata/backup"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		dirs = append(dirs, found...)
	}
	return dirs
}

func TestSameManifestsGiveTheSameBytes(t *testing.T) {
	for _, dir := range examples(t) {
		if !bytes.Equal(render(t, dir), render(t, dir)) {
			t.Errorf("two pictures of %s differ", dir)
		}
	}
}

var (
	viewBox  = regexp.MustCompile(`viewBox="0\.00 0\.00 ([\d.]+) `)
	fontSize = regexp.MustCompile(`font-size="([\d.]+)"`)
)

// Pages show pictures at most 800 pixels wide.
func TestTextIsReadableAt800Pixels(t *testing.T) {
	const page, least = 800.0, 11.0
	for _, dir := range examples(t) {
		picture := string(render(t, dir))
		width := max(number(t, viewBox, picture), page)
		for _, found := range fontSize.FindAllString(picture, -1) {
			if size := number(t, fontSize, found) * page / width; size < least {
				t.Errorf("%s: text of %.1f pixels, where the picture of %.0f is shown %.0f wide", dir, size, width, page)
				break
			}
		}
	}
}

func number(t *testing.T, in *regexp.Regexp, text string) float64 {
	t.Helper()
	found := in.FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("%s is nowhere in %.200s", in, text)
	}
	n, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Whatever is drawn has its colours for dark pages.
func TestTheStyleKnowsEveryClass(t *testing.T) {
	style, err := os.ReadFile("style.css")
	if err != nil {
		t.Fatal(err)
	}
	classes := map[string]bool{"graph": true}
	for _, dir := range []string{"../../examples/production/dist", "testdata"} {
		for _, found := range regexp.MustCompile(`class="(?:node|edge|cluster) (\w+)"`).FindAllSubmatch(render(t, dir), -1) {
			classes[string(found[1])] = true
		}
	}
	styled := map[string]bool{}
	for _, found := range regexp.MustCompile(`\.([a-z]+) `).FindAllSubmatch(style, -1) {
		styled[string(found[1])] = true
	}
	if !maps.Equal(styled, classes) {
		t.Errorf("style.css has %v, the pictures have %v",
			slices.Sorted(maps.Keys(styled)), slices.Sorted(maps.Keys(classes)))
	}
}

func TestThePictureIsXML(t *testing.T) {
	for _, dir := range append(examples(t), "testdata") {
		decoder := xml.NewDecoder(bytes.NewReader(render(t, dir)))
		for {
			_, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Errorf("%s: %v", dir, err)
				break
			}
		}
	}
}

// Names are text in the picture, whatever they hold.
func TestNamesAreEscaped(t *testing.T) {
	content := strings.ReplaceAll(fmt.Sprintf(odd, `<script>alert(1)</script>&"`), "\t", "  ")
	objects, err := manifest.Parse("odd.yaml", []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	graph, err := diagram.New(objects)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := svg.Render(t.Context(), graph)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(picture), graph.Mermaid()} {
		if strings.Contains(text, "<script") {
			t.Errorf("a name became an element:\n%s", text)
		}
	}
	if name := `font-weight="bold" font-size="14.00">&lt;script&gt;`; !strings.Contains(string(picture), name) {
		t.Errorf("the picture does not hold the name as it is:\n%s", picture)
	}
}

const odd = `
apiVersion: v1
kind: Pod
metadata:
	name: '%[1]s'
	namespace: '%[1]s'
spec:
	containers: [{name: a, image: b}]
	volumes: [{name: c, persistentVolumeClaim: {claimName: '%[1]s'}}]
`
