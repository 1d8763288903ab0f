#!/usr/bin/env bash
# Runs the sample project on a cluster: makes one with kind, builds the image, renders, applies, and opens the site.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tools/try-it.sh [--context NAME] [--image NAME:TAG] [--port N] [--check]
       tools/try-it.sh [--context NAME] --delete

Without --context, it makes a cluster with kind, builds examples/project, and loads the image; that needs docker and
kind. With it, it uses that cluster of your kubeconfig, which must reach the image. Both need kubectl, curl, go, node.

  --context NAME    an existing cluster, and nothing is built
  --image NAME:TAG  the image of the sample (default shop:1.0.0)
  --port N          the port on this machine (default 8000)
  --check           ask the site once, and end; otherwise it stays open until Ctrl-C
  --delete          remove the cluster of kind, or the namespace shop of the other one, with all data
TEXT
}

die() { echo "try-it: $*" >&2; exit 1; }

cluster=django-try context='' image=shop:1.0.0 port=8000 check='' delete=''
while (($#)); do
  case $1 in
    --context | --image | --port)
      [[ ${2:-} ]] || die "$1 needs a value"
      printf -v "${1#--}" %s "$2"
      shift
      ;;
    --check) check=1 ;;
    --delete) delete=1 ;;
    -h | --help) usage; exit ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

cd "$(dirname "${BASH_SOURCE[0]}")/.."
need() { local tool; for tool; do command -v "$tool" >/dev/null || die "$tool is not installed"; done; }
need kubectl
[[ $context ]] || need kind docker
kubectl=(kubectl --context "${context:-kind-$cluster}")
k() { "${kubectl[@]}" "$@"; }

if [[ $delete ]]; then
  if [[ $context ]]; then
    k delete namespace shop
  else
    kind delete cluster --name "$cluster"
  fi
  exit
fi

need curl go node
out=$(mktemp -d)
forward=
# shellcheck disable=SC2329,SC2317 # the trap calls it
clean() {
  [[ ! $forward ]] || kill "$forward" 2>/dev/null || true
  rm -rf "$out"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [[ ! $context ]]; then
  kind get clusters | grep -qxF "$cluster" || kind create cluster --name "$cluster"
  docker build -t "$image" examples/project
  kind load docker-image --name "$cluster" "$image"
elif by=$(k get namespace shop -o jsonpath='{.metadata.labels.app\.kubernetes\.io/managed-by}' 2>/dev/null); then
  [[ $by == cdk8s ]] || die "the namespace shop of $context belongs to somebody else"
fi

(cd examples/first && DJANGO_IMAGE=$image CDK8S_OUTDIR=$out go run .)
k apply -f "$out"
k -n shop rollout status deployment/postgres --timeout=10m
k -n shop rollout status deployment/django --timeout=10m

# Not by the function, whose shell alone would be killed.
"${kubectl[@]}" -n shop port-forward service/django "$port:8000" >"$out/forward.log" 2>&1 &
forward=$!
for ((try = 0; ; try++)); do
  kill -0 "$forward" 2>/dev/null || die "no way to the site: $(<"$out/forward.log")"
  curl -fsS -o /dev/null "http://localhost:$port/" 2>"$out/curl.log" && break
  ((try < 20)) || die "the site does not answer: $(<"$out/curl.log")"
  sleep 0.5
done
echo "the site answers at http://localhost:$port/"
[[ $check ]] || { echo "Ctrl-C ends the way to it; the system goes on. --delete removes it."; wait "$forward"; }
