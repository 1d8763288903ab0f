// Package clone copies the props of constructs. A construct is rendered long
// after it was made: what its caller does to a map or a list in between must
// not reach the manifest.
package clone

import (
	"reflect"

	"github.com/aws/constructs-go/constructs/v10"
)

// Of returns props with maps, lists and pointers of its own. Constructs stay
// the same ones, and so do values behind interfaces, but for those of JSON, and
// functions.
func Of[T any](props T) T {
	return deep(reflect.ValueOf(&props).Elem()).Interface().(T)
}

var isConstruct = reflect.TypeFor[constructs.IConstruct]()

func deep(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		return pointer(v)
	case reflect.Map:
		return mapping(v)
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(deep(v.Index(i)))
		}
		return out
	case reflect.Struct:
		// Fields that are not exported stay as they are.
		out := reflect.New(v.Type()).Elem()
		out.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(deep(v.Field(i)))
			}
		}
		return out
	case reflect.Interface:
		switch v.Interface().(type) {
		case map[string]any, []any:
			return deep(v.Elem())
		}
		return v
	default:
		return v
	}
}

func pointer(v reflect.Value) reflect.Value {
	if v.IsNil() || v.Type().Implements(isConstruct) {
		return v
	}
	out := reflect.New(v.Type().Elem())
	out.Elem().Set(deep(v.Elem()))
	return out
}

func mapping(v reflect.Value) reflect.Value {
	if v.IsNil() {
		return v
	}
	out := reflect.MakeMapWithSize(v.Type(), v.Len())
	for _, key := range v.MapKeys() {
		out.SetMapIndex(key, deep(v.MapIndex(key)))
	}
	return out
}
