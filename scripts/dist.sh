#!/usr/bin/env bash
# An optimised build, packed with the paths it has below / on a machine like this one.
. "$(dirname "$0")/environment.sh"
use_postgres

scripts/build.sh dist
name=chorus_sync-$extension_version-pg$pg_major-$(uname -m)
mkdir -p "$target/dist"
rm -rf "$target/dist/$name"
DESTDIR=$target/dist/$name scripts/install.sh >"$log/dist.log"
tar -C "$target/dist/$name" --owner=0 --group=0 -czf "$target/dist/$name.tar.gz" .
rm -rf "$target/dist/$name"
echo "dist: ok, ${target#"$root"/}/dist/$name.tar.gz"
