#!/bin/sh
# Behaves as the entrypoint of the official image does: options and a .conf file
# go to valkey-server, root gives up its rights, everything else runs as it is.
set -e
case ${1-} in
-* | *.conf) set -- valkey-server "$@" ;;
esac
if [ "${1-}" = valkey-server ] && [ "$(id -u)" = 0 ]; then
  chown -R valkey:valkey .
  exec setpriv --reuid=valkey --regid=valkey --clear-groups -- "$0" "$@"
fi
# What the server writes is for itself alone, unless somebody chose otherwise.
[ "$(umask)" != 0022 ] || umask 0077
# shellcheck disable=SC2086 # several options in one variable
exec "$@" ${VALKEY_EXTRA_FLAGS-}
