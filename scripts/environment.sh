# shellcheck shell=bash
# Sourced by every script here: where things are, and how a step reports itself.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

root=$PWD
target=${CARGO_TARGET_DIR:-$root/target}
mkdir -p "$target/log"
target=$(cd "$target" && pwd)
log=$target/log

# What prerequisites.sh writes when it had to unpack PostgreSQL privately.
use_unpacked() {
    # shellcheck disable=SC1091
    [ ! -f "$target/prerequisites.env" ] || . "$target/prerequisites.env"
}
use_unpacked

extension_version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" chorus_sync.control)

# The pg_config in use as an absolute path, so that cargo sees the same value from everywhere.
use_postgres() {
    pg_config=$(command -v "${PG_CONFIG:-pg_config}") || {
        echo "No pg_config: set PG_CONFIG, or install the server headers (Debian: apt-get install postgresql-server-dev-15)." >&2
        exit 1
    }
    pg_major=$("$pg_config" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
    bindir=$("$pg_config" --bindir)
    pkglibdir=$("$pg_config" --pkglibdir)
    sharedir=$("$pg_config" --sharedir)
    # What build.sh makes and install.sh installs.
    extension_files=$target/extension/pg$pg_major
}

# step NAME COMMAND...: one line when it works, the end of its output when it does not.
# A function that is run this way must chain its commands with &&: bash ignores `set -e` inside a condition.
# The function `summary_of_NAME`, if there is one, reads the log and adds a word to that line.
step() {
    local name=$1 began=$SECONDS words=
    shift
    if "$@" >"$log/$name.log" 2>&1 </dev/null; then
        if declare -F "summary_of_${name//-/_}" >/dev/null; then
            words=", $("summary_of_${name//-/_}" "$log/$name.log")"
        fi
        echo "$name: ok$words ($((SECONDS - began)) s)"
    else
        tail -n 30 "$log/$name.log"
        echo "$name: FAILED, see ${log#"$root"/}/$name.log"
        return 1
    fi
}

# PostgreSQL refuses to run as root: then the server belongs to this user.
server_user() {
    if [ "$(id -u)" != 0 ]; then
        id -un
    elif id postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

as_server_user() {
    if [ "$(id -u)" = 0 ]; then
        local user
        user=$(server_user)
        setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups "$@"
    else
        "$@"
    fi
}
