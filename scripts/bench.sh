#!/usr/bin/env bash
# First syncs of several tenants, beside a hand-written loader, dlt and a plain COPY: see docs/benchmarks.md.
#
#   RUNS=3         how often each contestant runs
#   ONLY=list      only the scenarios whose names begin so: transcripts, list, meetings, customers, recognition,
#                  search
#   PEERS=no       without tools from PyPI
. "$(dirname "$0")/environment.sh"
began=$SECONDS

scripts/prerequisites.sh
use_unpacked
scripts/build.sh
step bench-build cargo build --release -p chorus-bench
staged=$(scripts/stage.sh)
. scripts/stage-place.sh
leave() {
    # A copy outside the build directory would be litter.
    [ "$stage" = "$target/stage" ] || scripts/stage.sh --remove
}
trap leave EXIT

# Other tools live below the build directory; without Python or PyPI they are left out, and the report says so.
peers=$target/bench-peers
dlt=1.31.0
install_peers() {
    "$peers/bin/python" -c "import dlt, psycopg2; assert dlt.__version__ == '$dlt'" 2>/dev/null ||
        { timeout 60 python3 -m venv --clear "$peers" && timeout 300 "$peers/bin/pip" install -q "dlt[postgres]==$dlt"; }
}
python=()
if [ "${PEERS:-yes}" != no ] && step bench-peers install_peers; then
    python=(--python "$peers/bin/python")
fi

CHORUS_PG_BINDIR=$staged "$target/release/chorus-bench" --runs "${RUNS:-3}" --only "${ONLY:-}" "${python[@]}" </dev/null |
    tee "$log/bench.log"
echo "bench: done ($((SECONDS - began)) s), nothing of it is left running"
