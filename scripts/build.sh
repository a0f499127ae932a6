#!/usr/bin/env bash
# Builds the library and assembles the install script: $extension_files then holds all that is installed.
. "$(dirname "$0")/environment.sh"
use_postgres

profile=${1:-release}
files=$extension_files

# `sudo make install` often finds no cargo; then what was built before is what it means.
if ! command -v cargo >/dev/null && [ -f "$files/chorus_sync.so" ]; then
    echo "build: no cargo here, keeping what was built before"
    exit
fi

install_script() {
    echo '\echo Use "CREATE EXTENSION chorus_sync" to load this file. \quit'
    for part in sql/install/*.sql; do
        [ ! -f "$part" ] || { echo && cat "$part"; }
    done
}

assemble() {
    rm -rf "$files.new" &&
        mkdir -p "$files.new" &&
        cp chorus_sync.control "$files.new/" &&
        cp "$target/$profile/libchorus_sync.so" "$files.new/chorus_sync.so" &&
        install_script >"$files.new/chorus_sync--$extension_version.sql" &&
        find sql -path 'sql/upgrade/*' -name 'chorus_sync--*--*.sql' -exec cp {} "$files.new/" \; &&
        rm -rf "$files" &&
        mv "$files.new" "$files"
}

build() {
    # Two builds at once would take each other's files away.
    exec 9>"$target/extension.lock" && flock 9 &&
        PGRX_PG_CONFIG_PATH=$pg_config cargo build --profile "$profile" -p chorus_sync --features "pg$pg_major" &&
        assemble
}

step build build
