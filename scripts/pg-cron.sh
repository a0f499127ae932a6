#!/usr/bin/env bash
# Unpacks Debian's pg_cron below $target/pg_cron, from where stage.sh takes it into the private PostgreSQL of the tests.
# The system's PostgreSQL is not touched, and nothing needs root.
# Where there is no such package this says so and goes on: the test decides whether it can do without.
. "$(dirname "$0")/environment.sh"
. scripts/unpack-packages.sh
use_postgres

package=postgresql-$pg_major-cron
place=$target/pg_cron
library=$place/usr/lib/postgresql/$pg_major/lib/pg_cron.so

[ ! -f "$pkglibdir/pg_cron.so" ] || exit 0
[ ! -f "$library" ] || exit 0

left_out() {
    echo "pg_cron: left out, $1"
    exit
}
case $("$pg_config" --version) in
    *Debian* | *Ubuntu*) ;;
    *) left_out "as this PostgreSQL is not of Debian's making" ;;
esac
command -v apt-get >/dev/null || left_out "as there is no apt-get"

download() {
    # The system's lists do, if it has any that are not too old.
    apt-get -o APT::Sandbox::User= download -qq "$package" ||
        { refresh_private_apt && private_apt download -qq "$package"; }
}

unpack() {
    rm -rf "$place.new" &&
        mkdir -p "$place.new/deb" &&
        (cd "$place.new/deb" && download) &&
        dpkg -x "$place.new"/deb/*.deb "$place.new" &&
        rm -rf "$place" "$place.new/deb" "$apt" &&
        mv "$place.new" "$place" &&
        [ -f "$library" ]
}

step pg_cron unpack || left_out "as $package cannot be had"
