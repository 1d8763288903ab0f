#!/usr/bin/env bash
# Writes the packages beside it anew: Go types for the custom resources that the
# library makes. See README.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp package.json package-lock.json "$work"
npm ci --prefix "$work" --no-audit --no-fund --loglevel error

# The prefix keeps the packages apart from those that an importing app generates
# of the same resources: jsii takes no two types of one name.
generate() {
  "$work/node_modules/.bin/cdk8s" import "djangocdk8s:=$1" --language go --output . --save=false --check-upgrade=false
}

found=$(./definitions.sh)
rm -rf djangocdk8s_*
while read -r definition; do
  generate "$definition"
done <<<"$found"
