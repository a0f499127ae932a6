#!/usr/bin/env bash
# Regression tests against a running server that has the extension installed: PGHOST, PGPORT and PGUSER say which.
. "$(dirname "$0")/environment.sh"
use_postgres

regress() {
    local names=()
    for file in tests/regress/sql/*.sql; do names+=("$(basename "$file" .sql)"); done
    mkdir -p "$target/regress"
    "$pkglibdir/pgxs/src/test/regress/pg_regress" --inputdir=tests/regress --outputdir="$target/regress" \
        --bindir="$bindir" --dbname=chorus_sync_regression "${names[@]}" || {
        cat "$target/regress/regression.diffs"
        return 1
    }
}

summary_of_installcheck() {
    sed -n 's/.*All \([0-9]*\) tests passed.*/\1 passed/p' "$1"
}

step installcheck regress
