#!/usr/bin/env bash
# Compares the exported Go API with that of an earlier revision, and says what an
# importing program must change.
#
#   tools/api.sh [REV]   REV is the tag of the last release by default
#
# Exit status 1: the API breaks programs, and the version of synth/version.go does
# not say so: before 1.0.0 by another second number, then by another first one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export GOWORK=off GOFLAGS=-buildvcs=false

last=${1-$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null || true)}
if [[ -z $last ]]; then
  echo "no release is tagged yet: nothing to compare with"
  exit 0
fi
work=$(mktemp -d)
trap 'git worktree remove --force "$work/last" 2>/dev/null || true; rm -rf "$work"' EXIT
git worktree add --quiet --detach "$work/last" "$last"

apidiff=$(go -C tools tool -n apidiff)
# compare runs apidiff, and leaves out that it leaves out internal packages.
compare() { "$apidiff" -m "$@" 2> >(grep -v '^Ignoring internal' >&2); }
# exported writes the API of the module in the directory $1 to the file $2.
exported() { (cd "$1" && compare -w "$2" "$(sed -n 's/^module //p' go.mod)"); }
exported "$work/last" "$work/old.api"
exported . "$work/new.api"

compare "$work/old.api" "$work/new.api"
compare -incompatible "$work/old.api" "$work/new.api" >"$work/breaking"
version() { sed -n 's/^const Version = "\(.*\)"$/\1/p' "$1/synth/version.go" 2>/dev/null || true; }
# major is the part of a version that another one with a broken API has not.
major() { case $1 in 0.*) echo "${1%.*}" ;; *) echo "${1%%.*}" ;; esac; }
now=$(version .) was=$(version "$work/last")
if [[ -s $work/breaking && -n $was && $(major "$now") == "$(major "$was")" ]]; then
  echo "the API of $last breaks, and version $now does not say so: raise it in synth/version.go" >&2
  exit 1
fi
