#!/bin/bash
# Does what the library relies on in the entrypoint of the official image: where PGDATA is empty, it makes
# the role and the database that the environment names. Then it runs the command.
set -euo pipefail
if [[ ${1-} == postgres && ! -s $PGDATA/PG_VERSION ]]; then
  : "${POSTGRES_PASSWORD:?must be set}" "${POSTGRES_USER:=postgres}" "${POSTGRES_DB:=$POSTGRES_USER}"
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  # The arguments are quoted as for a shell.
  eval "options=(${POSTGRES_INITDB_ARGS-})"
  # shellcheck disable=SC2154 # set by eval
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${options[@]}"
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  # Nobody shall take this server, which ends soon, for the one to come.
  pg_ctl -o "-c listen_addresses=''" -w start
  [[ $POSTGRES_DB == postgres ]] || PGPASSWORD=$POSTGRES_PASSWORD createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
  pg_ctl -m fast -w stop
fi
exec "$@"
