backup=$1 hours=$2 everything=$3
shift 3
all=$(complete)
id=$backup
if [ -z "$id" ]; then
  id=$(echo "$all" | head -n 1)
  [ -n "$id" ] || fail "the store holds no complete backup"
fi
echo "$all" | grep -q -x -F "$id" || fail "backup $id is not in the store, or not complete: it has no manifest"
[ "$hours" = 0 ] || ! older "$id" "$(ago $((hours * 3600)))" || fail "backup $id is older than $hours hours"

# download copies the file $1. One that is missing is an empty directory to rclone,
# where the store has no directories.
download() {
  rclone copyto "$STORE$id/$1" "$1" 2>"$log" || fail "cannot read $1 of backup $id: $unreadable$(reason "$log")"
  [ -f "$1" ] || fail "$1 of backup $id is not in the store"
}
download manifest.json
grep -q -x -F '  "format": 1,' manifest.json && grep -q -x -F "  \"id\": \"$id\"," manifest.json ||
  fail "the manifest of backup $id is damaged, or of a newer format"
sums manifest.json >"$HOME/sums"
for name; do
  grep -q "  $name\$" "$HOME/sums" || fail "backup $id holds no $name"
done
while read -r sum name; do
  case " $* " in
  *" $name "*)
    download "$name"
    got=$(sha256sum "$name")
    [ "${got%% *}" = "$sum" ] || fail "$name of backup $id differs from the SHA-256 sum in its manifest"
    ;;
  *) [ "$everything" = 0 ] || check "$id" "$name" "$sum" ;;
  esac
done <"$HOME/sums"
echo "$id" >id
echo "$0: backup $id"
