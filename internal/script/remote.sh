# obscure exports the text $2, in the form that rclone takes, as the variable $1.
# The text reaches rclone by its standard input, and no list of processes.
obscure() { export "$1=$(printf %s "$2" | rclone obscure -)"; }
# With another password, rclone says that a file ends early.
unreadable=
if [ -n "${ENCRYPTION_PASSWORD-}" ]; then
  obscure RCLONE_CONFIG_CRYPT_PASSWORD "$ENCRYPTION_PASSWORD"
  unreadable="damaged, or encrypted with another password; "
fi
[ -z "${ENCRYPTION_SALT-}" ] || obscure RCLONE_CONFIG_CRYPT_PASSWORD2 "$ENCRYPTION_SALT"
unset ENCRYPTION_PASSWORD ENCRYPTION_SALT

log=$HOME/rclone.log

# complete prints the ids of the backups that have a manifest, the newest first.
complete() {
  rclone lsf --recursive --files-only --max-depth 2 --include '/*/manifest.json' "$STORE" >"$HOME/list" 2>"$log" ||
    fail "cannot list the store: $(reason "$log")"
  ids <"$HOME/list"
}

# ids prints the ids among the paths that it reads, and nothing else.
ids() { sed -n 's#^\([0-9]\{8\}T[0-9]\{6\}Z-[0-9a-f]\{6\}\)/.*$#\1#p' | sort -r; }

# ago prints what the id of a backup of $1 seconds ago begins with.
ago() { date -u -d "@$(($(date +%s) - $1))" +%Y%m%dT%H%M%SZ; }

# older reports whether the id $1 is before the time $2.
older() { expr "$1" '<' "$2" >/dev/null; }

# check compares the file $2 of the backup $1 in the store with the sum $3.
check() {
  sum=$(rclone cat "$STORE$1/$2" 2>"$log" | sha256sum)
  [ "${sum%% *}" = "$3" ] || fail "$2 of backup $1 in the store differs from its SHA-256 sum $(reason "$log")"
}

