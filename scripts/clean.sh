#!/usr/bin/env bash
# Removes what was built and staged.
. "$(dirname "$0")/environment.sh"

scripts/stage.sh --remove
rm -rf "$target"
echo "clean: ok"
