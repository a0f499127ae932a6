#!/usr/bin/env bash
# All tests. The system's PostgreSQL is only read; every server is a throw-away one of a staged copy.
. "$(dirname "$0")/environment.sh"
began=$SECONDS

failed() {
    echo "test: FAILED in $1, see ${log#"$root"/}/$1.log"
    exit 1
}

passed_in() {
    awk '/^test result:/ { n += $4 } /All [0-9]+ tests passed/ { n += $2 } END { print n + 0 }' "$@"
}
summary_of_unit() { echo "$(passed_in "$1") passed"; }
summary_of_server() { echo "$(passed_in "$1") passed"; }

scripts/prerequisites.sh || failed prerequisites
use_unpacked
scripts/pg-cron.sh

step unit cargo test --release || failed unit
scripts/build.sh || failed build

staged=$(scripts/stage.sh) || failed stage
. scripts/stage-place.sh
. scripts/cluster.sh
leave() {
    stop_cluster
    # A copy outside the build directory would be litter.
    [ "$stage" = "$target/stage" ] || scripts/stage.sh --remove
}
trap leave EXIT

# One more test at a time than there are processors: one of them waits for pg_cron's next minute.
step server env CHORUS_PG_BINDIR="$staged" RUST_TEST_THREADS=$(($(nproc) + 1)) \
    cargo test --release -p chorus-tests || failed server

start_cluster "$staged" || failed cluster
scripts/installcheck.sh || failed installcheck

echo "test: passed ($(passed_in "$log"/{unit,server,installcheck}.log) tests, $((SECONDS - began)) s)"
