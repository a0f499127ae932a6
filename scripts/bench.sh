#!/usr/bin/env bash
# Benchmarks of the crates that need no server.
. "$(dirname "$0")/environment.sh"

cargo bench
