now=$(date +%s)
id=$(date -u -d "@$now" +%Y%m%dT%H%M%SZ)-$(od -A n -N 3 -t x1 /dev/urandom | tr -d ' \n')

# One session holds the snapshot: it counts the rows that pg_dump sees, and its
# locks keep the tables as they are meanwhile.
rm -f dumped
psql -X -q -w -A -t -v ON_ERROR_STOP=1 -f - 2>psql.log <<SQL || fail "cannot read the database: $(reason psql.log)"
\o settings
SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name IN
  ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout');
SET row_security = off;
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_catalog.pg_export_snapshot() AS snapshot \gset
\setenv SNAPSHOT :snapshot
\o tables
SELECT pg_catalog.format('SELECT %L || count(*) || %L FROM ONLY %I.%I',
    '{"schema": ' || to_json(schema) || ', "table": ' || to_json(name) || ', "rows": ', '}', schema, name)
  FROM ($tables) t ORDER BY schema, name
\gexec
\o large
SELECT count(*) FROM pg_catalog.pg_largeobject_metadata;
\o server
SELECT to_json(pg_catalog.current_setting('server_version'));
\o database
SELECT to_json(pg_catalog.current_database()::text);
\o migrations
SELECT pg_catalog.to_regclass('django_migrations') IS NOT NULL AS migrated \gset
\if :migrated
SELECT '{"app": ' || to_json(app::text) || ', "name": ' || to_json(name::text) || '}'
  FROM django_migrations ORDER BY id;
\endif
\o
\! pg_dump -w --format=custom --snapshot="\$SNAPSHOT" --file=database.dump 2>dump.log; echo \$? >dumped
COMMIT;
SQL
[ "$(cat dumped)" = 0 ] || fail "pg_dump failed: $(reason dump.log)"
cat psql.log dump.log >&2
[ -s tables ] || fail "the database has no table, so that there is nothing to back up"
pg_restore -f /dev/null database.dump 2>dump.log || fail "the dump cannot be read back: $(reason dump.log)"

files=database.dump
if [ -n "${MEDIA_DIR-}" ]; then
  # Files that change meanwhile are the status 1 of GNU tar.
  status=0
  tar -c -f media.tar -C "$MEDIA_DIR" --exclude=./lost+found --exclude=./.restoring . 2>tar.log || status=$?
  [ "$status" = 0 ] || { [ "$status" = 1 ] && tar --version 2>&1 | grep -q GNU; } ||
    fail "cannot read the media: $(reason tar.log)"
  cat tar.log >&2
  tar -t -f media.tar >/dev/null 2>tar.log || fail "the media cannot be read back: $(reason tar.log)"
  files="$files media.tar"
fi
if [ -n "${CREDENTIALS_DIR-}" ]; then
  # The keys are links to a directory that a change of the Secret replaces.
  set --
  for key in $(ls -A "$CREDENTIALS_DIR"); do
    [ ! -f "$CREDENTIALS_DIR/$key" ] || set -- "$@" "./$key"
  done
  tar -c -h -f credentials.tar -C "$CREDENTIALS_DIR" "$@" 2>tar.log ||
    fail "cannot read the credentials: $(reason tar.log)"
  files="$files credentials.tar"
fi
for name in $files; do
  sum=$(sha256sum "$name")
  printf '{"name": "%s", "size": %s, "sha256": "%s"}\n' "$name" "$(stat -c %s "$name")" "${sum%% *}"
done >files

# lines prints the lines of the file $1 as the items of a list of JSON.
lines() { sed 's/^/    /; $!s/$/,/' "$1"; }
cat >manifest.new <<JSON
{
  "format": 1,
  "id": "$id",
  "created": "$(date -u -d "@$now" +%Y-%m-%dT%H:%M:%SZ)",
  "server": $(cat server),
  "database": $(cat database),
  "tables": [
$(lines tables)
  ],
  "largeObjects": $(cat large),
  "migrations": [
$(lines migrations)
  ],
  "files": [
$(lines files)
  ]
}
JSON
echo "$id" >id
mv manifest.new manifest.json
rows=0
for n in $(sed -n 's/.*, "rows": \([0-9]*\)}$/\1/p' tables); do
  rows=$((rows + n))
done
echo "$0: $id: $(wc -l <tables) tables, $rows rows, $(stat -c %s database.dump) bytes in $(($(date +%s) - now)) s"
