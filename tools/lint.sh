#!/usr/bin/env bash
# Lints every module of the repository with the pinned linter.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export GOFLAGS=-buildvcs=false GOWORK=off
for module in . draw examples/clinic examples/platform e2e tools tools/packaging tools/rules; do
  (cd "$module" && go tool -modfile="$OLDPWD/tools/go.mod" golangci-lint run --config "$OLDPWD/.golangci.yml")
done
