#!/usr/bin/env bash
# A private copy of PostgreSQL with the extension in it, so that nothing is ever written into the system's.
# Prints its bin directory; --remove deletes the copy.
#
# A server finds its libraries and extensions relative to its own executable. So the executables are copied,
# everything else is linked, and the paths below the copy stay what they were.
. "$(dirname "$0")/environment.sh"
. scripts/stage-place.sh

if [ "${1:-}" = --remove ]; then
    rm -rf "$stage"
    exit
fi

use_postgres
origin=$("$pg_config" --version)-$bindir
if [ "$(cat "$stage/origin" 2>/dev/null)" != "$origin" ]; then
    rm -rf "$stage"
    mkdir -p "$stage$bindir" "$stage$pkglibdir" "$stage$sharedir"
    chmod 755 "$stage"
    cp -a "$bindir/." "$stage$bindir/"
    cp -as "$pkglibdir/." "$stage$pkglibdir/"
    cp -as "$sharedir/." "$stage$sharedir/"
    echo "$origin" >"$stage/origin"
fi
# What pg-cron.sh has unpacked. Copied, as the server's user may not be able to enter the build directory, and never
# through a link into the system.
cron=$target/pg_cron/usr
if [ -f "$cron/lib/postgresql/$pg_major/lib/pg_cron.so" ]; then
    cp --remove-destination "$cron/lib/postgresql/$pg_major/lib/pg_cron.so" "$stage$pkglibdir/"
    cp --remove-destination "$cron/share/postgresql/$pg_major/extension"/pg_cron* "$stage$sharedir/extension/"
fi
DESTDIR='' PG_CONFIG=$stage$bindir/pg_config scripts/install.sh >"$log/stage.log"
echo "$stage$bindir"
