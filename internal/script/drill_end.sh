)
pg_ctl stop -w -t 600 -m fast >/dev/null || fail "the server does not stop: $(reason server.log)"
