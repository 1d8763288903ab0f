# The commands that people type. CI calls the same.
.DEFAULT_GOAL := help
SHELL := bash

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

synth: ## write dist/
	go run .

test: ## every test that needs no cluster
	go test ./...

golden: ## rewrite the golden files, and show what changed
	-UPDATE_GOLDEN=1 go test ./... >/dev/null
	git diff --stat -- '*/testdata/*'

examples: ## write the dist/ of every example
	for main in examples/*/main.go; do (cd $$(dirname $$main) && go run .) || exit 1; done

reference: ## write docs/reference and docs/errors.md anew
	go run ./internal/reference/cmd

images: ## draw the pictures of the documentation
	go -C draw generate

import: ## generate imports/ anew
	imports/generate.sh

lint: ## format, vet, lint
	tools/lint.sh

manifests: ## kubeconform and kube-score on every dist/
	tools/manifests-lint.sh dist examples/{clinic,first,platform,production}/dist examples/environments/dist/*/

e2e: ## the suite on the cluster of KUBECONFIG
	go -C e2e test -count 1 -parallel 5 -timeout 50m -v .

bench: ## measure against the peers, and write the table of docs/performance.md
	bench/run

ci: ## everything that decides on a change
	.ci/run

.PHONY: help synth test golden examples reference images import lint manifests e2e bench ci
