set -eu
export LC_ALL=C
cd "$SCRATCH"

# fail ends the container with one line, which Kubernetes shows as the reason.
fail() {
  echo "$0: $*" >&2
  [ ! -w /dev/termination-log ] || echo "$0: $*" >/dev/termination-log
  exit 1
}

# reason shows what a program wrote to the file $1, and prints the line that
# says why it failed.
reason() {
  cat "$1" >&2
  { grep -m 1 -E 'FATAL|ERROR|error' "$1" || tail -n 1 "$1"; } |
    sed 's/^[0-9/]* [0-9:]* //; s/^psql:<stdin>:[0-9]*: //; s/^ERROR *: *//'
}

# sums prints the SHA-256 sum and the name of each file in the manifest $1.
sums() {
  sed -n 's/^    {"name": "\([a-z.]*\)", "size": [0-9]*, "sha256": "\([0-9a-f]*\)"},\{0,1\}$/\2  \1/p' "$1"
}

