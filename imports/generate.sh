#!/usr/bin/env bash
# Writes the packages beside it anew: Go types for the custom resources that the
# library makes. See README.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp package.json package-lock.json "$work"
npm ci --prefix "$work" --no-audit --no-fund --loglevel error

# crd prints the path of a file in a Go module of one exact version, if it is
# the file that is expected.
crd() {
  local dir
  dir=$(cd "$work" && GOFLAGS=-mod=mod go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  sha256sum --check --status <<<"$3  $dir/$2" || { echo "$0: $1: $2 is another file than $3" >&2; return 1; }
  echo "$dir/$2"
}

# The prefix keeps the packages apart from those that an importing app generates
# of the same resources: jsii takes no two types of one name.
generate() {
  "$work/node_modules/.bin/cdk8s" import "djangocdk8s:=$1" --language go --output . --save=false --check-upgrade=false
}

httproutes=$(crd sigs.k8s.io/gateway-api@v1.4.0 \
  config/crd/standard/gateway.networking.k8s.io_httproutes.yaml \
  c2539410dec72b793ef840f484c19d13b48210074ec801b730e9fce2c5fc825c)
servicemonitors=$(crd github.com/prometheus-operator/prometheus-operator@v0.85.0 \
  example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml \
  1dae27b7189b5ce7b9ab764656c18b4c75a45cde1e6f3af6a5e84c4317628919)

rm -rf djangocdk8s_*
generate "$httproutes"
generate "$servicemonitors"
