# shellcheck shell=bash
# Sourced after environment.sh: a throw-away server from the staged copy, reached by Unix socket only.
# It ends with the script that started it.

# start_cluster BINDIR [SETTING=VALUE...] sets PGHOST, PGPORT, PGUSER and PATH for what follows.
start_cluster() {
    local staged=$1 options='' setting
    shift
    cluster=$(cd "$(mktemp -d "${TMPDIR:-/tmp}/chorus.XXXXXX")" && pwd -P)
    # A socket's path may have 107 bytes.
    if [ ${#cluster} -gt 80 ]; then
        rmdir "$cluster"
        cluster=$(mktemp -d /tmp/chorus.XXXXXX)
    fi
    chmod 755 "$cluster"
    exec {keeper_input}> >(exec setsid scripts/cluster-keeper.sh "$cluster" 2>/dev/null)
    keeper=$!
    [ "$(id -u)" != 0 ] || chown "$(server_user)" "$cluster"
    for setting in fsync=off max_worker_processes=64 listen_addresses= unix_socket_directories="$cluster" "$@"; do
        options+=" -c $setting"
    done
    (
        # The keeper waits for the last holder of its input, which must not be the server it is to end.
        exec {keeper_input}>&-
        cd "$cluster"
        unset RUST_BACKTRACE
        as_server_user "$staged/initdb" -D "$cluster/primary" -A trust -U postgres -N --locale=C.UTF-8 -E UTF8
        as_server_user "$staged/pg_ctl" -D "$cluster/primary" -l "$cluster/server.log" -w -o "$options" start
    ) >"$log/cluster.log" 2>&1 </dev/null || {
        cat "$log/cluster.log" "$cluster/server.log" 2>/dev/null | tail -n 30
        echo "cluster: FAILED, see ${log#"$root"/}/cluster.log"
        return 1
    }
    export PGHOST=$cluster PGPORT=5432 PGUSER=postgres PGDATABASE=postgres PATH=$staged:$PATH
}

stop_cluster() {
    [ -n "${keeper:-}" ] || return 0
    exec {keeper_input}>&-
    wait "$keeper" || true
    keeper=
}
