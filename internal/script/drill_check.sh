set -eu
fail() {
  echo "$0: $*" >&2
  [ ! -w /dev/termination-log ] || echo "$0: $*" >/dev/termination-log
  exit 1
}
socket=$1
shift
trap 'touch "$socket/done"' EXIT
trap 'exit 143' TERM
n=0
until [ -e "$socket/ready" ]; do
  n=$((n + 1))
  [ "$n" -le 300 ] || fail "the restored server does not start"
  sleep 1
done
"$@" || fail "the application does not take the restored database: status $? of $*"
echo "$0: the application takes the restored database"
