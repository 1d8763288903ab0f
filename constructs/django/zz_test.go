package django_test

import (
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/isolation"
	"example.com/django-cdk8s/constructs/postgres"
	"example.com/django-cdk8s/constructs/secret"
)

var out *os.File

// nasty yields variants of v with one leaf replaced.
func nasty(v reflect.Value, path string, depth int, try func(path string, what any)) {
	if depth > 6 {
		return
	}
	set := func(x reflect.Value) {
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		v.Set(x)
		try(path, fmt.Sprintf("%#v", x.Interface()))
		v.Set(old)
	}
	switch v.Kind() {
	case reflect.Int, reflect.Int32, reflect.Int64:
		for _, n := range []int64{-1, math.MinInt64, math.MaxInt64, 1 << 31} {
			if !v.OverflowInt(n) {
				x := reflect.New(v.Type()).Elem()
				x.SetInt(n)
				set(x)
			}
		}
	case reflect.String:
		for _, s := range []string{" ", "\x00", "A_b", "\n", "0o17", strings.Repeat("a", 300), "é", "-"} {
			x := reflect.New(v.Type()).Elem()
			x.SetString(s)
			set(x)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				nasty(v.Field(i), path+"."+v.Type().Field(i).Name, depth+1, try)
			}
		}
	case reflect.Pointer:
		if v.Type().Elem().Kind() == reflect.Struct && strings.Contains(v.Type().String(), "secret") {
			return
		}
		if v.IsNil() && v.Type().Elem().Kind() == reflect.Struct { return }
		x := reflect.New(v.Type().Elem())
		if !v.IsNil() { x.Elem().Set(v.Elem()) }
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		v.Set(x)
		nasty(x.Elem(), path+"*", depth+1, try)
		v.Set(old)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		x := reflect.MakeSlice(v.Type(), max(1,v.Len()), max(1,v.Len()))
		if v.Len() > 0 {
			reflect.Copy(x, v)
		}
		v.Set(x)
		if v.Type().Elem().Kind() != reflect.String {
			if old.Len() == 0 { try(path, "one zero element") }
		}
		if old.Len() > 0 || v.Type().Elem().Kind() == reflect.String { for i := range x.Len() { nasty(x.Index(i), fmt.Sprintf("%s[%d]", path, i), depth+1, try) } }
		v.Set(old)
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			return
		}
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		for _, key := range []string{"", "a b", "1", "A", "\x00", "app", "PORT"} {
			x := reflect.MakeMap(v.Type())
			x.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), reflect.New(v.Type().Elem()).Elem())
			v.Set(x)
			try(path, fmt.Sprintf("key %q", key))
		}
		if v.Type().Elem().Kind() == reflect.String {
			for _, s := range []string{"\x00", "0o17", "$(ZZ)", strings.Repeat("a", 300000)} {
				x := reflect.MakeMap(v.Type())
				x.SetMapIndex(reflect.ValueOf("a"), reflect.ValueOf(s))
				v.Set(x)
				try(path, fmt.Sprintf("value %.20q", s))
			}
		}
		v.Set(old)
	}
}

func probeAll[P any](t *testing.T, name string, base P, build func(chart cdk8s.Chart, env *secret.Secret, props P)) {
	props := base
	v := reflect.ValueOf(&props).Elem()
	nasty(v, name, 0, func(path string, what any) {
		if strings.Contains(path, "Affinity") && strings.Count(path, ".") > 4 { return }
		func() {
			defer func() {
				if r := recover(); r != nil {
					fmt.Fprintf(out, "PANIC %s = %.60v: %v\n", path, what, r)
				}
			}()
			got := cdktest.Problems(t, func(chart cdk8s.Chart) {
				env := secret.New(chart, "secret", secret.Props{Source: secret.Existing("POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "SECRET_KEY", "CELERY_BROKER_URL", "STRIPE_API_KEY")})
				build(chart, env, props)
				isolation.New(chart, "isolation", isolation.Props{})
			})
			if len(got) != 1 {
				fmt.Fprintf(out, "%d %s = %.60v\n", len(got), path, what)
				for _, g := range got {
					fmt.Fprintf(out, "      %.300s\n", g)
				}
			}
		}()
	})
}

func project(p django.Project, chart cdk8s.Chart, env *secret.Secret) django.Project {
	p.Database = postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
	return p
}

func TestZZ(t *testing.T) {
	out, _ = os.Create("/tmp/nasty.txt")
	base := full.Project
	base.WaitForMigrations = false
	_ = corev1.Pod{}
	props := full
	props.Project = base
	props.Pod = fullTemplate
	props.Pod.Volumes = slices.Clone(fullTemplate.Volumes)
	props.Pod.Volumes[2].MountPath = "/etc/shop2/a"
	props.Pod.Volumes[3].MountPath = "/etc/tls2/a"
	probeAll(t, "Web", props, func(chart cdk8s.Chart, env *secret.Secret, p django.WebProps) {
		p.Project = project(p.Project, chart, env)
		w := django.NewWeb(chart, "web", p)
		_ = w.Hosts()
	})
}
func TestZY(t *testing.T) {
	out, _ = os.Create("/tmp/nasty2.txt")
	base := django.Project{Image: "shop:1", WaitForMigrations: true}
	probeAll(t, "Migration", django.MigrationProps{Project: base}, func(chart cdk8s.Chart, env *secret.Secret, p django.MigrationProps) {
		p.Project = project(p.Project, chart, env)
		django.NewMigration(chart, "web", p)
	})
}
