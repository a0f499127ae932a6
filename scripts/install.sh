#!/usr/bin/env bash
# Puts the built files into the PostgreSQL of PG_CONFIG, below DESTDIR if that is set; --remove takes them out.
. "$(dirname "$0")/environment.sh"
use_postgres

libraries=${DESTDIR:-}$pkglibdir
extensions=${DESTDIR:-}$sharedir/extension

# Older versions' scripts go too: a script that is no longer built must not stay reachable.
rm -f "$libraries/chorus_sync.so" "$extensions/chorus_sync.control" "$extensions"/chorus_sync--*.sql

if [ "${1:-}" = --remove ]; then
    echo "uninstall: ok, from $libraries and $extensions"
    exit
fi

install -d "$libraries" "$extensions"
install -m 755 "$extension_files/chorus_sync.so" "$libraries/"
install -m 644 "$extension_files"/chorus_sync.control "$extension_files"/*.sql "$extensions/"
echo "install: ok, into $libraries and $extensions"
