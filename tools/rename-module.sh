#!/usr/bin/env bash
# Gives the module another path, such as that of a fork or of the place where it
# is published, and runs every test that needs no cluster under the new name.
#
#   tools/rename-module.sh PATH          in this work tree, which must be clean
#   tools/rename-module.sh -check PATH   in a copy, which is thrown away
#
# The domain of the library's own annotations and labels, django-cdk8s.example.com,
# stays: clusters have objects with it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export GOWORK=off GOFLAGS=-buildvcs=false

check=
[[ ${1-} != -check ]] || { check=1; shift; }
new=${1-}
[[ $# == 1 && $new =~ ^[a-z0-9.-]+\.[a-z]+(/[A-Za-z0-9._~-]+)+$ ]] ||
  { echo "usage: $0 [-check] PATH: a module path such as code.example.org/team/django-cdk8s" >&2; exit 2; }
old=$(sed -n 's/^module //p' go.mod)
[[ $new != "$old" ]] || { echo "$0: the module is called $old already" >&2; exit 2; }

if [[ -n $check ]]; then
  copy=$(mktemp -d)
  trap 'rm -rf "$copy"' EXIT
  git ls-files -z | xargs -0 tar -cf - | tar -xf - -C "$copy"
  cd "$copy"
  git init --quiet
  git add --all
elif [[ -n $(git status --porcelain) ]]; then
  echo "$0: commit or stash the changes first" >&2
  exit 2
fi

# The path ends where the next part of a longer name does not begin.
git ls-files -z | xargs -0 grep -lIZF "$old" |
  OLD=$old NEW=$new xargs -0 perl -pi -e 's/\Q$ENV{OLD}\E(?![\w-])/$ENV{NEW}/g'
# Imports are sorted by their path.
git ls-files -z '*.go' ':!imports' | xargs -0 gofmt -w

command=$(sed -n 's/^\(go test [^#]*[^# ]\) *#.*$/\1/p' README.md)
for module in $(git ls-files 'go.mod' '*/go.mod'); do
  go -C "$(dirname "$module")" mod tidy -diff
done
$command
echo "$0: $old is $new now: $command passes"
