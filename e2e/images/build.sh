#!/usr/bin/env bash
# Makes the images of the end-to-end suite for a one-node cluster that has neither a
# container engine nor a registry. On any other cluster docker builds the site, and
# the rest is pulled: docs/testing.md.
#
#   CLUSTER_SCRIPTS=... e2e/images/build.sh             what is missing or not current
#   CLUSTER_SCRIPTS=... e2e/images/build.sh valkey      this one only
#
# Needs Debian's archive and the Go module proxy. CLUSTER_SCRIPTS holds the scripts of
# the cluster: env.sh, image.sh and recipes/mkimage.py.
set -euo pipefail
scripts=$(cd "${CLUSTER_SCRIPTS:?must name the directory of the cluster scripts}" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")"
here=$PWD
# IMAGES, WORK, DEBIAN_SUITE, DEBIAN_MIRROR, DEBIAN_SECURITY_MIRROR
. "$scripts/env.sh"
work=$WORK/e2e
mkdir -p "$work" "$IMAGES"

# Upstream versions; the archive replaces Debian's own revisions by later ones.
redis_version=5:7.0.15
exporter_version=v0.17.1

# sum OF... is one checksum of files and directories: their names, modes and contents.
sum() { tar --sort=name --mtime=@0 --owner=0 --group=0 --exclude=__pycache__ -cf - "$@" | sha256sum | cut -d' ' -f1; }

# id ARCHIVE names the image in it by its contents.
id() { tar -xOf "$1" manifest.json | sha256sum | cut -d' ' -f1; }

# image NAME ARCHIVE INPUTS COMMAND... runs the command, which writes the archive, unless it
# was made of the same inputs and nobody has written over it since.
image() {
  local name=$1 archive=$IMAGES/$2 inputs=$3 start=$SECONDS
  shift 3
  if [[ -s $archive && $(cat "$work/$name.made" 2>/dev/null) == "$inputs $(id "$archive")" ]]; then
    echo "$name: current"
    return
  fi
  # In the background: set -e has no effect inside a condition.
  (set -e; "$@") >"$work/$name.log" 2>&1 &
  if ! wait $!; then
    tail -n 20 "$work/$name.log" >&2
    echo "$name: FAILED" >&2
    exit 1
  fi
  echo "$inputs $(id "$archive")" >"$work/$name.made"
  echo "$name: made in $((SECONDS - start)) s"
}

make_valkey() {
  nice mmdebstrap --mode=root --variant=essential --include="redis-server=$redis_version*" \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --essential-hook='echo valkey:x:999: >>"$1/etc/group"' \
    --essential-hook='echo valkey:x:999:999::/data:/bin/sh >>"$1/etc/passwd"' \
    --customize-hook="install -m 755 '$here/valkey/docker-entrypoint.sh' '$here/valkey/valkey-server' \"\$1/usr/local/bin\"" \
    --customize-hook='ln -s valkey-server "$1/usr/local/bin/redis-server"' \
    --customize-hook='ln -s /usr/bin/redis-cli "$1/usr/local/bin/valkey-cli"' \
    --customize-hook='install -d -o 999 -g 999 "$1/data"' \
    --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/etc/hostname "$1"/etc/resolv.conf' \
    "$DEBIAN_SUITE" "$work/valkey.tar" \
    "deb $DEBIAN_MIRROR $DEBIAN_SUITE main" "deb $DEBIAN_SECURITY_MIRROR $DEBIAN_SUITE-security main"
  nice python3 "$scripts/recipes/mkimage.py" --rootfs "$work/valkey.tar" --out "$IMAGES/e2e-valkey.tar" \
    --tag docker.io/valkey/valkey:8.1-bookworm --entrypoint '["docker-entrypoint.sh"]' --cmd '["valkey-server"]' \
    --workdir /data --volume /data --expose 6379/tcp
  rm "$work/valkey.tar"
}

make_exporter() {
  local package=github.com/prometheus-community/postgres_exporter/cmd/postgres_exporter root=$work/exporter
  rm -rf "$root"
  mkdir -p "$root/bin" "$root/etc"
  printf 'root:x:0:0::/:/sbin/nologin\nnobody:x:65534:65534::/:/sbin/nologin\n' >"$root/etc/passwd"
  CGO_ENABLED=0 GOWORK=off GOFLAGS=-buildvcs=false nice go -C exporter build -p 2 -trimpath \
    -ldflags "-s -w -X github.com/prometheus/common/version.Version=${exporter_version#v}" -o "$root/bin/" "$package"
  tar -C "$root" --sort=name --owner=0 --group=0 -cf "$work/exporter.tar" .
  nice python3 "$scripts/recipes/mkimage.py" --rootfs "$work/exporter.tar" --out "$IMAGES/e2e-exporter.tar" \
    --tag "quay.io/prometheuscommunity/postgres-exporter:$exporter_version" --entrypoint '["/bin/postgres_exporter"]' \
    --user 65534 --expose 9187/tcp
  rm -rf "$root" "$work/exporter.tar"
}

valkey() { image valkey e2e-valkey.tar "$(sum build.sh valkey)" make_valkey; }
exporter() { image exporter e2e-exporter.tar "$(sum build.sh exporter)" make_exporter; }

# One at a time: several checkouts share the images of a machine.
exec 9>"$work/lock"
flock 9
[[ $# != 0 ]] || set -- valkey exporter
for name; do
  "$name"
done
