#!/usr/bin/env bash
# The extension at work, on nothing but this checkout: an invented tenant, a throw-away server, demo.sql.
. "$(dirname "$0")/environment.sh"
began=$SECONDS

scripts/prerequisites.sh
use_unpacked
scripts/build.sh
step fake-chorus cargo build --release -p fake-chorus
staged=$(scripts/stage.sh)

. scripts/stage-place.sh
. scripts/cluster.sh
tenant=
leave() {
    [ -z "$tenant" ] || kill "$tenant" 2>/dev/null || true
    stop_cluster
    [ "$stage" = "$target/stage" ] || scripts/stage.sh --remove
}
trap leave EXIT

start_cluster "$staged" shared_preload_libraries=chorus_sync chorus_sync.trusted_hosts=127.0.0.1

api_key=demo-$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')
port_file=$cluster/tenant-port
setpriv --pdeathsig TERM "$target/release/fake-chorus" --port 0 --port-file "$port_file" --api-key "$api_key" \
    >"$log/tenant.log" 2>&1 </dev/null {keeper_input}>&- &
tenant=$!
until [ -s "$port_file" ]; do
    kill -0 "$tenant" 2>/dev/null || { tail -n 30 "$log/tenant.log"; echo "demo: FAILED, the tenant did not start"; exit 1; }
    sleep 0.05
done

"$staged/psql" -X -q -v ON_ERROR_STOP=1 -v base_url="http://127.0.0.1:$(cat "$port_file")" -v api_key="$api_key" \
    -f scripts/demo.sql </dev/null || { echo "demo: FAILED"; exit 1; }
echo "demo: done ($((SECONDS - began)) s), nothing of it is left running"
