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

# Upstream versions; Debian's own revisions of them come and go. The exporter's is in exporter/go.mod.
django_version=3:3.2.25
celery_version=5.2.6
redis_version=5:7.0.15

# id ARCHIVE names the image in it by its contents.
id() { tar -xOf "$1" manifest.json | sha256sum | cut -d' ' -f1; }

# image NAME INPUTS FUNCTION ARGUMENT... calls the function, which ends with one of the cluster's
# scripts, unless the image was made of the same inputs and nobody has written over it since.
# INPUTS are paths, separated by blanks; the function and the versions count, too.
image() {
  local name=$1 paths=$2 start=$SECONDS inputs archive was_archive was was_id
  shift 2
  inputs=$({
    declare -p DEBIAN_SUITE django_version celery_version redis_version
    declare -f debian "$1"
    # shellcheck disable=SC2086 # several paths
    [[ -z $paths ]] || tar --sort=name --mtime=@0 --owner=0 --group=0 --exclude=__pycache__ -cPf - $paths
  } | sha256sum | cut -d' ' -f1)
  [[ ! -s $work/$name.made ]] || read -r was was_id was_archive <"$work/$name.made"
  if [[ ${was-} == "$inputs" && -s $was_archive && $was_id == "$(id "$was_archive")" ]]; then
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
  # The last line of the scripts: ARCHIVE: what is in it.
  archive=$(tail -n 1 "$work/$name.log")
  archive=${archive%%: *}
  echo "$inputs $(id "$archive") $archive" >"$work/$name.made"
  echo "$name: made in $((SECONDS - start)) s"
}

# debian ARCHIVE PACKAGES OPTION... writes a root file system with these packages.
debian() {
  local archive=$1 packages=$2
  shift 2
  nice mmdebstrap --mode=root --variant=essential --include="$packages" \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg --aptopt='Acquire::Languages "none"' \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    "$@" \
    --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/etc/hostname "$1"/etc/resolv.conf' \
    "$DEBIAN_SUITE" "$archive" \
    "deb $DEBIAN_MIRROR $DEBIAN_SUITE main" "deb $DEBIAN_SECURITY_MIRROR $DEBIAN_SUITE-security main"
}

make_valkey() {
  debian "$work/valkey.tar" "redis-server=$redis_version*" \
    --essential-hook='echo valkey:x:999: >>"$1/etc/group"' \
    --essential-hook='echo valkey:x:999:999::/data:/bin/sh >>"$1/etc/passwd"' \
    --customize-hook="install -m 755 '$here/valkey/docker-entrypoint.sh' '$here/valkey/valkey-server' \"\$1/usr/local/bin\"" \
    --customize-hook='ln -s valkey-server "$1/usr/local/bin/redis-server"' \
    --customize-hook='ln -s /usr/bin/redis-cli "$1/usr/local/bin/valkey-cli"' \
    --customize-hook='install -d -o 999 -g 999 "$1/data"'
  nice python3 "$scripts/recipes/mkimage.py" --rootfs "$work/valkey.tar" --out "$IMAGES/e2e-valkey.tar" \
    --tag docker.io/valkey/valkey:8.1 --tag docker.io/valkey/valkey:8.1-bookworm --entrypoint '["docker-entrypoint.sh"]' --cmd '["valkey-server"]' \
    --workdir /data --volume /data --expose 6379/tcp
  rm "$work/valkey.tar"
}

# PostgreSQL of the next suite of Debian: the server that a database moves to.
make_postgres() {
  DEBIAN_SUITE=trixie debian "$work/postgres.tar" "postgresql-17,locales" \
    --essential-hook='echo postgres:x:999: >>"$1/etc/group"' \
    --essential-hook='echo postgres:x:999:999::/var/lib/postgresql:/bin/bash >>"$1/etc/passwd"' \
    --customize-hook='chroot "$1" localedef -i en_US -f UTF-8 en_US.UTF-8' \
    --customize-hook="install -m 755 '$here/postgres/docker-entrypoint.sh' \"\$1/usr/local/bin\"" \
    --customize-hook='rm -r "$1"/etc/postgresql/* "$1"/var/lib/postgresql/17; install -d -o 999 -g 999 "$1/var/lib/postgresql/data"'
  nice python3 "$scripts/recipes/mkimage.py" --rootfs "$work/postgres.tar" --out "$IMAGES/e2e-postgres.tar" \
    --tag docker.io/library/postgres:17-trixie --entrypoint '["docker-entrypoint.sh"]' --cmd '["postgres"]' \
    --expose 5432/tcp --stop-signal SIGINT --volume /var/lib/postgresql/data \
    --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/17/bin \
    --env LANG=en_US.utf8 --env PG_MAJOR=17 --env PGDATA=/var/lib/postgresql/data
  rm "$work/postgres.tar"
}

# The packages of e2e/site/requirements.txt, in the versions that Debian has.
make_python() {
  local packages=(
    "python3-django=$django_version*" gunicorn python3-psycopg2 python3-whitenoise python-is-python3
    "celery=$celery_version*" python3-redis
  )
  debian "$work/python.tar" "$(IFS=,; echo "${packages[*]}")" \
    --essential-hook='echo app:x:1000: >>"$1/etc/group"' \
    --essential-hook='echo app:x:1000:1000::/app:/usr/sbin/nologin >>"$1/etc/passwd"'
  nice python3 "$scripts/recipes/mkimage.py" --rootfs "$work/python.tar" --out "$IMAGES/e2e-python.tar" \
    --tag docker.io/library/guestbook-base:1 --user 1000:1000 --workdir /app --expose 8000/tcp \
    --env PYTHONUNBUFFERED=1 --env PYTHONDONTWRITEBYTECODE=1
  rm "$work/python.tar"
}

make_exporter() {
  local package=github.com/prometheus-community/postgres_exporter/cmd/postgres_exporter root=$work/exporter version
  version=$(awk '$1 ~ /postgres_exporter$/ && $2 ~ /^v/ { print $2 }' exporter/go.mod)
  rm -rf "$root"
  mkdir -p "$root/bin" "$root/etc"
  printf 'root:x:0:0::/:/sbin/nologin\nnobody:x:65534:65534::/:/sbin/nologin\n' >"$root/etc/passwd"
  CGO_ENABLED=0 GOWORK=off GOFLAGS=-buildvcs=false nice go -C exporter build -p 2 -trimpath \
    -ldflags "-s -w -X github.com/prometheus/common/version.Version=${version#v}" -o "$root/bin/" "$package"
  tar -C "$root" --sort=name --owner=0 --group=0 -cf "$work/exporter.tar" .
  nice python3 "$scripts/recipes/mkimage.py" --rootfs "$work/exporter.tar" --out "$IMAGES/e2e-exporter.tar" \
    --tag "quay.io/prometheuscommunity/postgres-exporter:$version" --entrypoint '["/bin/postgres_exporter"]' \
    --user 65534 --expose 9187/tcp
  rm -rf "$root" "$work/exporter.tar"
}

# The operator, under the names of its own image: instances take the program from there.
make_operator() {
  local module=github.com/cloudnative-pg/cloudnative-pg version=1.27.1 root=$work/operator dir
  rm -rf "$root"
  mkdir -p "$root/operator" "$root/licenses" "$root/etc"
  printf 'root:x:0:0::/:/sbin/nologin\nnonroot:x:65532:65532::/:/sbin/nologin\n' >"$root/etc/passwd"
  dir=$(cd "$root" && GOWORK=off GOFLAGS=-mod=mod go mod download -json "$module@v$version" |
    sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  # With the checksums of the module's own go.sum.
  CGO_ENABLED=0 GOWORK=off GOFLAGS="-buildvcs=false -mod=readonly" nice go -C "$dir" build -p 2 -trimpath \
    -ldflags "-s -w -X $module/pkg/versions.buildVersion=$version" \
    -o "$root/operator/manager_$(go env GOARCH)" ./cmd/manager
  ln -s "operator/manager_$(go env GOARCH)" "$root/manager"
  cp "$dir/LICENSE" "$root/licenses"
  tar -C "$root" --sort=name --owner=0 --group=0 -cf "$work/operator.tar" .
  nice python3 "$scripts/recipes/mkimage.py" --rootfs "$work/operator.tar" --out "$IMAGES/e2e-operator.tar" \
    --tag "ghcr.io/cloudnative-pg/cloudnative-pg:$version" --entrypoint '["/manager"]' --user 65532:65532
  rm -rf "$root" "$work/operator.tar"
}

# Debian's PgBouncer, under the name that the operator asks for by default.
make_pgbouncer() {
  debian "$work/pgbouncer.tar" "pgbouncer=1.18.0*" \
    --essential-hook='echo pgbouncer:x:996: >>"$1/etc/group"' \
    --essential-hook='echo pgbouncer:x:998:996::/var/lib/pgbouncer:/usr/sbin/nologin >>"$1/etc/passwd"' \
    --customize-hook='ln -sf /usr/sbin/pgbouncer "$1/usr/bin/pgbouncer"'
  nice python3 "$scripts/recipes/mkimage.py" --rootfs "$work/pgbouncer.tar" --out "$IMAGES/e2e-pgbouncer.tar" \
    --tag ghcr.io/cloudnative-pg/pgbouncer:1.24.1 --user 998:996 --expose 5432/tcp
  rm "$work/pgbouncer.tar"
}

# rclone with the stores and commands that pods use, from its own module: all of it, with seventy stores, takes much
# longer. Every dependency has the version of rclone's release: its own go.mod says which.
make_rclone() {
  local version=1.76.0 module=github.com/rclone/rclone root=$work/rclone source part
  local parts=(
    backend/{crypt,local,s3}
    cmd/{cat,check,config,copy,copyto,delete,deletefile,hashsum,lsd,lsf,lsjson}
    cmd/{mkdir,moveto,obscure,purge,rcat,rmdirs,size,version}
  )
  rm -rf "$root"
  mkdir -p "$root/bin"
  {
    printf 'package main\n\nimport (\n\t"%s/cmd"\n' "$module"
    for part in "${parts[@]}"; do printf '\t_ "%s/%s"\n' "$module" "$part"; done
    printf ')\n\nfunc main() { cmd.Main() }\n'
  } >"$root/main.go"
  source=$(go mod download -json "$module@v$version" | sed -n 's/^.*"Dir": "\(.*\)".*$/\1/p')
  install -m 644 "$source"/go.{mod,sum} "$root"
  go -C "$root" mod edit -module=rclone -require="$module@v$version"
  CGO_ENABLED=0 GOWORK=off GOFLAGS=-buildvcs=false nice go -C "$root" build -p 2 -mod=mod -trimpath \
    -ldflags "-s -w" -o "$root/bin/rclone" .
  "$scripts/image.sh" --base busybox:1.36 --at /usr/local/bin --entrypoint '["rclone"]' "$root/bin" "rclone/rclone:$version"
  rm -rf "$root"
}

# A store that speaks S3 and has nothing of rclone in it.
make_versitygw() {
  local version=1.8.0 root=$work/versitygw
  rm -rf "$root"
  CGO_ENABLED=0 GOWORK=off GOFLAGS=-buildvcs=false GOBIN=$root nice go install -p 2 -trimpath \
    -ldflags "-s -w" "github.com/versity/versitygw/cmd/versitygw@v$version"
  "$scripts/image.sh" --base busybox:1.36 --at /usr/local/bin --entrypoint '["versitygw"]' "$root" "versity/versitygw:v$version"
  rm -rf "$root"
}

# make_site VERSION: the site, and over it every release up to this one.
make_site() {
  local site=$work/site release
  rm -rf "$site"
  cp -R ../site "$site"
  for release in releases/*; do
    [[ $1 < ${release#*/} ]] || cp -R "$release/." "$site"
  done
  [[ $(<"$site/VERSION") == "$1" ]]
  "$scripts/image.sh" --base guestbook-base:1 --cmd '["gunicorn","guestbook.wsgi:application"]' \
    --env DJANGO_SETTINGS_MODULE=guestbook.settings "$site" "guestbook:$1"
  rm -rf "$site"
}

# make_clinic: the site, and over it the clinic's own package and the server for websockets.
make_clinic() {
  local site=$work/clinic
  rm -rf "$site"
  cp -R ../site "$site"
  cp -R clinic/. "$site"
  "$scripts/image.sh" --base guestbook-base:1 --cmd '["gunicorn","guestbook.wsgi:application"]' \
    --env PATH=/app/bin:/usr/local/bin:/usr/bin:/bin "$site" guestbook:clinic
  rm -rf "$site"
}

make_log_shipper() {
  "$scripts/image.sh" --base busybox:1.36 --cmd '["/app/log-shipper"]' log-shipper guestbook:log-shipper
}

valkey() { image valkey valkey make_valkey; }
postgres() { image postgres postgres make_postgres; }
exporter() { image exporter exporter make_exporter; }
cloudnativepg() {
  image operator "" make_operator
  image pgbouncer "" make_pgbouncer
}
rclone() { image rclone "" make_rclone; }
versitygw() { image versitygw "" make_versitygw; }
guestbook() {
  local version
  image python "" make_python
  for version in 1.0.0 2.0.0 3.0.0; do
    image "guestbook-$version" "../site releases $work/python.made" make_site "$version"
  done
}
clinic() {
  image python "" make_python
  image clinic "../site clinic $work/python.made" make_clinic
  image log-shipper log-shipper make_log_shipper
}

# One at a time: several checkouts share the images of a machine.
exec 9>"$work/lock"
flock 9
[[ $# != 0 ]] || set -- valkey postgres exporter rclone versitygw guestbook clinic cloudnativepg
for name; do
  "$name"
done
