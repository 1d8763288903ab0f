#!/usr/bin/env bash
# Checks rendered manifests against the API of the oldest and the newest
# Kubernetes they must run on (kubeconform), custom resources against their
# definitions, as imports/definitions.sh names them, and all against good practice
# (kube-score).
#
#   tools/manifests-lint.sh DIR...
#
# All directories belong into one call: an ignore that none of them needs fails.
# Findings of kube-score are ignored in kube-score-ignore.txt, each with its
# reason.
set -euo pipefail

oldest=1.28.15
newest=1.37.2

[[ $# -gt 0 && $1 != -* ]] || { echo "usage: $0 DIR..." >&2; exit 2; }
for dir in "$@"; do
  [[ -d $dir ]] || { echo "$0: $dir: not a directory" >&2; exit 2; }
done

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export GOWORK=off # The tools are a module of their own, whatever workspace surrounds them.

# tool prints the path of a tool of go.mod, built if need be: "go tool" alone
# would look for a go.mod above the working directory, which may be anywhere.
tool() { go -C "$tools" tool -n "$1"; }
kubeconform=$(tool kubeconform)
kube_score=$(tool kube-score)
kubescore=$(tool kubescore)
schemas=$(tool schemas)

# schema_dir prints the directory with the schemas of a Kubernetes version,
# generated if need be. The checksum in its name retires the directory when the
# generator changes.
schema_dir() {
  local sum dir
  sum=$(cksum <"$tools/schemas/main.go")
  dir=${XDG_CACHE_HOME:-$HOME/.cache}/django-cdk8s/schemas/$1/${sum%% *}
  [[ -d $dir ]] || "$schemas" -kubernetes "$1" -out "$dir" || return
  echo "$dir"
}

# The schemas of the custom resources are made anew each time, in a moment.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
found=$("$tools/../imports/definitions.sh" all)
mapfile -t definitions <<<"$found"
"$schemas" -out "$work/custom" "${definitions[@]}"

name='{{.ResourceKind}}{{.KindSuffix}}.json'
failed=0
for version in "$oldest" "$newest"; do
  location=$(schema_dir "$version")
  echo "kubeconform, Kubernetes $version"
  "$kubeconform" -strict -summary -kubernetes-version "$version" \
    -schema-location "$location/$name" -schema-location "$work/custom/$name" "$@" || failed=1
done

echo "kube-score, Kubernetes $newest"
"$kubescore" -kube-score "$kube_score" -kubernetes "${newest%.*}" -ignores "$tools/kube-score-ignore.txt" "$@" || failed=1

exit "$failed"
