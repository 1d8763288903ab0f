keep=$1 keep_days=$2 abandoned=$3
id=$(cat id)

# upload copies the file $1 and reads it back.
upload() {
  rclone copyto "$1" "$STORE$id/$1" 2>"$log" || fail "cannot copy $1 of backup $id to the store: $(reason "$log")"
  check "$id" "$1" "$2"
}
sums manifest.json >"$HOME/sums"
while read -r sum name; do
  upload "$name" "$sum"
done <"$HOME/sums"
sum=$(sha256sum manifest.json)
upload manifest.json "${sum%% *}"
echo "$0: backup $id is complete"

[ "$keep" != 0 ] || exit 0
all=$(complete)
case "$all" in
*"$id"*) ;;
*) fail "the store does not list the new backup $id; nothing is deleted" ;;
esac
# A backup loses its manifest first: what is left of it counts as none.
purge() {
  [ -z "$2" ] || rclone deletefile "$STORE$1/manifest.json" 2>"$log" ||
    fail "cannot delete backup $1: $(reason "$log")"
  rclone purge "$STORE$1" 2>"$log" || fail "cannot delete backup $1: $(reason "$log")"
  echo "$0: deleted ${2:-what was left of} $1"
}
# rows prints the number of rows in the backup $1, as its manifest tells.
rows() {
  rclone cat "$STORE$1/manifest.json" >"$HOME/manifest" 2>"$log" ||
    fail "cannot read the manifest of backup $1: $(reason "$log"); it is not deleted"
  total=0
  for count in $(sed -n 's/.*, "rows": \([0-9]*\)},\{0,1\}$/\1/p' "$HOME/manifest"); do
    total=$((total + count))
  done
  echo "$total"
}
limit=$(ago $((keep_days * 86400)))
n=0 most=0
set -- $all
for one; do
  n=$((n + 1))
  # A clock that was set back sorts the new one behind others.
  if [ "$n" -gt "$keep" ] && [ "$one" != "$id" ] && older "$one" "$limit"; then
    # An emptied database is still dumped: what it held before is not deleted.
    count=$(rows "$one")
    if [ "$count" -gt "$((most * 2))" ]; then
      echo "$0: kept $one: it holds $count rows, and no newer backup more than $most: has the database been emptied?"
      most=$count
    else
      purge "$one" backup
    fi
  elif [ "$#" -gt "$keep" ]; then
    count=$(rows "$one")
    [ "$count" -le "$most" ] || most=$count
  fi
done
# What has no manifest may be a backup that another pod is about to complete.
limit=$(ago "$abandoned")
rclone lsf --dirs-only "$STORE" >"$HOME/list" 2>"$log" || fail "cannot list the store: $(reason "$log")"
for one in $(ids <"$HOME/list"); do
  case "$all" in
  *"$one"*) ;;
  *) ! older "$one" "$limit" || purge "$one" "" ;;
  esac
done
