package main

import (
	"fmt"

	"example.com/django-cdk8s/internal/reference/messages"
)

func main() {
	all, err := messages.Find(".")
	if err != nil {
		panic(err)
	}
	for _, m := range all {
		fmt.Printf("%s/%s %s [%s] %v: %s\n", m.Package, m.File, m.Function, m.Rule, m.Fields, m.Text)
	}
}
