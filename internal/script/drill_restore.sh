# A server of this pod alone, which nobody reaches but by its socket.
initdb -U "$PGUSER" -E UTF8 --locale=C --auth=trust --no-sync >init.log 2>&1 || fail "initdb failed: $(reason init.log)"
cat >>"$PGDATA/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$PGHOST'
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
shared_buffers = '64MB'
max_connections = 20
max_locks_per_transaction = 4096
CONF
pg_ctl start -w -t 120 -l server.log >/dev/null || fail "the server does not start: $(reason server.log)"
createdb -w --maintenance-db=postgres "$PGDATABASE"
(
