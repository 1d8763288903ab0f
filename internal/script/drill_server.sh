postgres &
server=$!
trap 'kill -INT "$server"; wait "$server"; exit 143' TERM
until pg_isready -q -d postgres; do
  kill -0 "$server" 2>/dev/null || fail "the server does not start"
  sleep 1
done
touch "$PGHOST/ready"
until [ -e "$PGHOST/done" ]; do
  kill -0 "$server" 2>/dev/null || fail "the server ended before the check"
  sleep 1
done
kill -INT "$server"
wait "$server" || true
