# marked reports whether the database carries the mark of this restore, in its
# comment.
marked() {
  psql -X -q -w -A -t -c "SELECT pg_catalog.shobj_description(oid, 'pg_database') FROM pg_catalog.pg_database
    WHERE datname = pg_catalog.current_database()" >"$SCRATCH/comment" 2>"$SCRATCH/psql.log" || return 2
  grep -q -F "$MARK: " "$SCRATCH/comment"
}

