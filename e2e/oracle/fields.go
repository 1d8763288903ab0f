package oracle

import (
	"fmt"
	"go/ast"
	"reflect"
	"slices"
	"strings"
)

// fields are the structs of the library in what was drawn, and which of their
// fields were set.
type fields map[reflect.Type]map[string]bool

// library is what the paths of the library's packages begin with.
const library = "example.com/django-cdk8s/"

// add records which fields of v, and of what it holds, are set.
func (f fields) add(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			f.add(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			f.add(v.Index(i))
		}
	case reflect.Map:
		for entries := v.MapRange(); entries.Next(); {
			f.add(entries.Value())
		}
	case reflect.Struct:
		f.know(v.Type())
		for i := range v.NumField() {
			if f[v.Type()] != nil && !v.Field(i).IsZero() {
				f[v.Type()][v.Type().Field(i).Name] = true
				f.add(v.Field(i))
			}
		}
	}
}

// know adds a struct of the library, and every one that its fields are made of,
// of which nothing needs to be set.
func (f fields) know(t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		f.know(t.Elem())
	case reflect.Struct:
		if f[t] != nil || !strings.HasPrefix(t.PkgPath(), library) || isConstruct(t) {
			return
		}
		f[t] = map[string]bool{}
		for i := range t.NumField() {
			f.know(t.Field(i).Type)
		}
	}
}

// isConstruct reports whether t is a construct, which embeds another one.
func isConstruct(t reflect.Type) bool {
	return t.NumField() > 0 && t.Field(0).Anonymous && t.Field(0).Type.Kind() == reflect.Interface
}

// missing returns the exported fields of exported structs that were never set.
func (f fields) missing() []string {
	var names []string
	for t, set := range f {
		if !ast.IsExported(t.Name()) {
			continue
		}
		for _, field := range reflect.VisibleFields(t) {
			if field.IsExported() && !set[field.Name] {
				names = append(names, fmt.Sprintf("%s.%s", t, field.Name))
			}
		}
	}
	slices.Sort(names)
	return names
}

// has reports whether there is a struct of that name, such as pod.Template.
func (f fields) has(name string) bool {
	for t := range f {
		if t.String() == name {
			return true
		}
	}
	return false
}
