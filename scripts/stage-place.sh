# shellcheck shell=bash
# Sourced: $stage, where the private copy of PostgreSQL goes.
#
# When root runs the tests, the server belongs to another user, who may not be able to enter this directory
# (a checkout below /root). Then the copy is in the temporary directory, under a name made from the checkout's.

stage=$target/stage
mkdir -p "$target"
if ! as_server_user test -x "$target" 2>/dev/null; then
    stage=${TMPDIR:-/tmp}/chorus_sync-stage-$(cksum <<<"$target" | cut -d ' ' -f 1)
    if [ -e "$stage" ] && [ ! -O "$stage" ]; then
        echo "$stage belongs to somebody else: remove it, or set TMPDIR." >&2
        exit 1
    fi
fi
