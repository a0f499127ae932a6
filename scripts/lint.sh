#!/usr/bin/env bash
# Formatting and clippy, warnings being errors.
. "$(dirname "$0")/environment.sh"
use_postgres

step format cargo fmt --all --check
step clippy env PGRX_PG_CONFIG_PATH="$pg_config" \
    cargo clippy --release --workspace --all-targets --features "pg$pg_major" -- -D warnings
