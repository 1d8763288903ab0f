#!/usr/bin/env bash
# Prints the paths of the definitions of the custom resources that the library
# makes, each a file of a Go module of one exact version.
#
#   definitions.sh        those whose Go types are generated
#   definitions.sh all    also those whose Go types are written by hand, in
#                         constructs/cloudnativepg, externalsecrets and gitops
set -euo pipefail

work=$(mktemp -d) # Outside of any module, or the go command would add to a go.sum.
trap 'rm -rf "$work"' EXIT

# definition prints the path of a file in a module, if it is the file that is
# expected.
definition() {
  local dir
  dir=$(cd "$work" && GOWORK=off GOFLAGS=-mod=mod go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  sha256sum --check --status <<<"$3  $dir/$2" || { echo "$0: $1: $2 is another file than $3" >&2; return 1; }
  echo "$dir/$2"
}

definition sigs.k8s.io/gateway-api@v1.4.0 \
  config/crd/standard/gateway.networking.k8s.io_httproutes.yaml \
  c2539410dec72b793ef840f484c19d13b48210074ec801b730e9fce2c5fc825c
definition github.com/prometheus-operator/prometheus-operator@v0.85.0 \
  example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml \
  1dae27b7189b5ce7b9ab764656c18b4c75a45cde1e6f3af6a5e84c4317628919
definition github.com/prometheus-operator/prometheus-operator@v0.85.0 \
  example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml \
  98fd16c9ab79fba8dcd6ef62c957c98cd6546ab74ce0a4ecf09ddf2fda03020e

[[ ${1-} == all ]] || exit 0
definition github.com/argoproj/argo-cd/v3@v3.2.1 \
  manifests/crds/application-crd.yaml \
  8f7ab4fc146af169e1033a97ea55ad77687b98d7ba95bf39f286ab751e7504f3
definition github.com/argoproj/argo-cd/v3@v3.2.1 \
  manifests/crds/applicationset-crd.yaml \
  8674444b3f3989027b3fbb14f5715a55a2119ad7a213b7df40e4002aa94eb7f2
definition github.com/argoproj/argo-cd/v3@v3.2.1 \
  manifests/crds/appproject-crd.yaml \
  d3b1e7d1c88146d6476d6458c824fea85aac56c1129f7d9c97acca14d98f76ad
definition github.com/fluxcd/source-controller@v1.7.3 \
  config/crd/bases/source.toolkit.fluxcd.io_gitrepositories.yaml \
  2a30ef3e41278a09aecdb038b7bc6b12916d22698542356a53a4f019ad66f02b
definition github.com/fluxcd/kustomize-controller@v1.7.3 \
  config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml \
  cdc8286a3c88ed441b486288416c7c3090cfeb0595ec2f15730cd3dac7be7f98

definition github.com/prometheus-operator/prometheus-operator@v0.85.0 \
  example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml \
  8ce88c52c51209993511cae093089c9525f5552def88119e3f559123ee9d454b
definition github.com/cloudnative-pg/cloudnative-pg@v1.27.1 \
  config/crd/bases/postgresql.cnpg.io_clusters.yaml \
  553e669392e45577c48c1e3f67a227836f18318b2beb38b285c545c0e948e60a
definition github.com/cloudnative-pg/cloudnative-pg@v1.27.1 \
  config/crd/bases/postgresql.cnpg.io_poolers.yaml \
  bc3334adc504fc4dc50e22ed7c58056dd7a79c226129e8555114f514e2a3bb2b
definition github.com/cloudnative-pg/cloudnative-pg@v1.27.1 \
  config/crd/bases/postgresql.cnpg.io_scheduledbackups.yaml \
  4c3c0747daae3c8664d7d4695b3f62f8fa921b87c28d7ce3169bdeb2411d5141
definition github.com/cloudnative-pg/plugin-barman-cloud@v0.14.0 \
  config/crd/bases/barmancloud.cnpg.io_objectstores.yaml \
  7c98720494253421339acd03aa77487869326ea20d4768a0c3aef8ff076daaef
definition github.com/external-secrets/external-secrets@v1.3.2 \
  config/crds/bases/external-secrets.io_externalsecrets.yaml \
  690dbc0d51b5f9bc5266b450b533cfd22c5273268e8569102e528a39519cd4ba
definition github.com/external-secrets/external-secrets@v1.3.2 \
  config/crds/bases/external-secrets.io_secretstores.yaml \
  ef1fc349941cea1d56b87f8c31cf05a9fed85b7c000a60e69c6b2b29a13fa648
