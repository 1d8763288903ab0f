id=$(cat id)
until pg_isready -q; do
  echo "$0: waiting for the server"
  sleep 2
done

# finish removes the sign that the media are half restored.
finish() { [ -z "${MEDIA_DIR-}" ] || rm -rf "$MEDIA_DIR/.restoring"; }
status=0
marked || status=$?
[ "$status" != 2 ] || fail "cannot read the database: $(reason psql.log)"
if [ "$status" = 0 ]; then
  finish
  echo "$0: was restored before: $(cat comment)"
  exit 0
fi

if [ -n "${MEDIA_DIR-}" ]; then
  # A database that is in use must not cost the media, either.
  psql -X -q -w -A -t -c "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND $mine ORDER BY 1 LIMIT 1" >other 2>psql.log ||
    fail "cannot read the database: $(reason psql.log)"
  [ ! -s other ] || fail "backup $id: database $PGDATABASE is not empty: it has $(cat other)"
  # The directory .restoring is there from before the first file until the
  # database is restored, too, and says by which restore: what the claim holds is
  # that one's.
  name=.django-cdk8s-restore
  [ "$(cat "$MEDIA_DIR/.restoring/$name" 2>/dev/null)" = "$MARK" ] ||
    [ -z "$(ls -A "$MEDIA_DIR" | grep -v -x -e lost+found -e .restoring)" ] ||
    fail "the claim of the media is not empty"
  find "$MEDIA_DIR" -mindepth 1 -maxdepth 1 ! -name .restoring ! -name lost+found -exec rm -rf {} +
  rm -rf "$MEDIA_DIR/.restoring"
  mkdir "$MEDIA_DIR/.restoring"
  printf %s "$MARK" >"$MEDIA_DIR/.restoring/$name"
  tar -x -f media.tar -C "$MEDIA_DIR/.restoring" 2>tar.log || fail "cannot write the media: $(reason tar.log)"
  find "$MEDIA_DIR/.restoring" -mindepth 1 -maxdepth 1 ! -name "$name" -exec mv {} "$MEDIA_DIR" \;
fi

# pg_restore wraps large objects in a transaction of their own, which would end
# ours; no other line of that part can read like that.
pg_restore -l database.dump >list 2>restore.log || fail "the dump cannot be read: $(reason restore.log)"
large='^[0-9][0-9]*; [0-9][0-9]* [0-9][0-9]* BLOBS '
grep "$large" list >large.list || true
grep -v "$large" list >rest.list || true

# stream prints what psql is to do. Without its last line nothing is changed.
stream() {
  cat <<SQL
\set manifest \`cat manifest.json\`
\set mark \`printf '%s: %s' "\$MARK" "\$(cat id)"\`
\set scrub \`printf %s "\$SCRUB"\`
\o settings
BEGIN;
SELECT pg_catalog.set_config('django_cdk8s.manifest', :'manifest', true),
  pg_catalog.set_config('django_cdk8s.mark', :'mark', true),
  pg_catalog.set_config('django_cdk8s.scrub', :'scrub', true);
SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('django-cdk8s restore'));
DO \$\$
DECLARE
  other text;
BEGIN
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) INTO other
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND $mine ORDER BY 1 LIMIT 1;
  IF other IS NOT NULL THEN
    RAISE EXCEPTION 'database % is not empty: it has %', pg_catalog.current_database(), other;
  END IF;
  SELECT pg_catalog.shobj_description(oid, 'pg_database') INTO other
    FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database();
  EXECUTE pg_catalog.format('COMMENT ON DATABASE %I IS %L', pg_catalog.current_database(),
    pg_catalog.concat_ws(E'\n', other, pg_catalog.current_setting('django_cdk8s.mark')));
END \$\$;
SQL
  pg_restore --no-owner --no-privileges -L rest.list -f - database.dump || return 1
  if [ -s large.list ]; then
    { pg_restore -L large.list -f - database.dump || touch broken; } | sed '/^BEGIN;$/d; /^COMMIT;$/d'
    [ ! -e broken ] || return 1
  fi
  cat <<SQL
DO \$\$
DECLARE
  manifest jsonb := pg_catalog.current_setting('django_cdk8s.manifest');
  one record;
  n bigint;
BEGIN
  FOR one IN
    SELECT coalesce(e.schema, t.schema) AS schema, coalesce(e."table", t.name) AS name, e.rows,
        t.name IS NULL AS missing
      FROM pg_catalog.jsonb_to_recordset(manifest->'tables') AS e(schema text, "table" text, rows bigint)
      FULL JOIN ($tables) t ON t.schema = e.schema AND t.name = e."table"
  LOOP
    IF one.missing THEN
      RAISE EXCEPTION 'table %.% of the manifest is not in the dump', one.schema, one.name;
    END IF;
    EXECUTE pg_catalog.format('SELECT count(*) FROM ONLY %I.%I', one.schema, one.name) INTO n;
    IF n IS DISTINCT FROM one.rows THEN
      RAISE EXCEPTION 'table %.% has % rows, and % in the manifest', one.schema, one.name, n, coalesce(one.rows, 0);
    END IF;
  END LOOP;
  SELECT count(*) INTO n FROM pg_catalog.pg_largeobject_metadata;
  IF n <> (manifest->>'largeObjects')::bigint THEN
    RAISE EXCEPTION 'there are % large objects, and % in the manifest', n, manifest->>'largeObjects';
  END IF;
END \$\$;
RESET search_path;
RESET row_security;
DO \$\$
BEGIN
  IF pg_catalog.current_setting('django_cdk8s.scrub') <> '' THEN
    EXECUTE pg_catalog.current_setting('django_cdk8s.scrub');
  END IF;
END \$\$;
COMMIT;
SQL
}
began=$(date +%s)
rm -f broken
SCRUB=${SCRUB-}
export SCRUB
status=0
{ stream 2>restore.log || touch broken; } | psql -X -q -w -v ON_ERROR_STOP=1 -f - 2>psql.log || status=$?
[ "$status" = 0 ] || fail "backup $id: $(reason psql.log)"
[ ! -e broken ] || fail "backup $id: pg_restore failed: $(reason restore.log)"
marked || fail "backup $id: the restore was not committed"
finish
psql -X -q -w -c 'SET client_min_messages = error' -c ANALYZE || echo "$0: could not analyze the tables" >&2
echo "$0: restored $id in $(($(date +%s) - began)) s: the rows of every table are as many as in its manifest"
