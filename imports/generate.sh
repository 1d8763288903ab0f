#!/usr/bin/env bash
# Writes the packages beside it anew: Go types for the custom resources that the
# library makes. See README.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp package.json package-lock.json "$work"
npm ci --prefix "$work" --no-audit --no-fund --loglevel error

# All definitions are in one file, because a package holds those of one API
# group.
found=$(./definitions.sh)
while read -r definition; do
  cat "$definition"
  echo ---
done <<<"$found" >"$work/definitions.yaml"
rm -rf djangocdk8s_*
# The prefix keeps the packages apart from those that an importing app generates
# of the same resources: jsii takes no two types of one name.
"$work/node_modules/.bin/cdk8s" import "djangocdk8s:=$work/definitions.yaml" --language go --output . --save=false \
  --check-upgrade=false
