#!/bin/sh
# Ends throw-away servers and removes their directory DIR once whoever holds this program's standard input is gone,
# however it went: a normal end, Ctrl-C or SIGKILL. Used by cluster.sh and by the test harness.
# A server's data directory is a direct child of DIR.
trap '' INT TERM HUP
cat >/dev/null

for pid_file in "$1"/*/postmaster.pid; do
    [ -f "$pid_file" ] || continue
    pid=$(head -n 1 "$pid_file")
    # After a crash the file names a process that is gone, or by now somebody else's: ours works in the data directory.
    if [ "$(readlink "/proc/$pid/cwd")" = "${pid_file%/*}" ]; then
        kill -QUIT "$pid"
        while [ "$(readlink "/proc/$pid/cwd")" = "${pid_file%/*}" ]; do sleep 0.02; done
    fi
done
rm -rf "$1"
