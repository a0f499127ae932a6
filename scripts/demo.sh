#!/usr/bin/env bash
# The extension at work, on nothing but this checkout: an invented tenant, a throw-away server, demo.sql.
. "$(dirname "$0")/environment.sh"
began=$SECONDS
if [ -n "${MEETINGS:-}" ] && [ ! -r "$MEETINGS" ]; then
    echo "demo: FAILED, cannot read MEETINGS=$MEETINGS"
    exit 1
fi

scripts/prerequisites.sh
use_unpacked
scripts/build.sh
step fake-chorus cargo build --release -p fake-chorus
staged=$(scripts/stage.sh) || { echo "demo: FAILED in scripts/stage.sh"; exit 1; }

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

# The key goes into a file that only the server can read, as it should.
api_key=demo-$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')
key_file=$cluster/api-key
(umask 077 && echo "$api_key" >"$key_file")
[ "$(id -u)" != 0 ] || chown "$(server_user)" "$key_file"

# Details take as long as they do over a network, so that there is progress to see.
port_file=$cluster/tenant-port
tenant_options=(--port 0 --port-file "$port_file" --api-key "$api_key"
    --quirk 'latency={"route": "/api/v1/conversations/{id}", "min_ms": 100, "max_ms": 500}')
[ -z "${MEETINGS:-}" ] || tenant_options+=(--meetings "$MEETINGS")
setpriv --pdeathsig TERM "$target/release/fake-chorus" "${tenant_options[@]}" \
    >"$log/tenant.log" 2>&1 </dev/null {keeper_input}>&- &
tenant=$!
until [ -s "$port_file" ]; do
    kill -0 "$tenant" 2>/dev/null || { tail -n 5 "$log/tenant.log"; echo "demo: FAILED, the tenant did not start"; exit 1; }
    sleep 0.05
done

# Results, notices and errors in one stream, in the order in which they come.
stdbuf -oL "$staged/psql" -X -v ON_ERROR_STOP=1 -v base_url="http://127.0.0.1:$(cat "$port_file")" -v key_file="$key_file" \
    <scripts/demo.sql 2>&1 || { echo "demo: FAILED in scripts/demo.sql, at the statement above"; exit 1; }

leave
trap - EXIT
echo "demo: done ($((SECONDS - began)) s), nothing of it is left running"
