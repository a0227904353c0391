#!/bin/sh
# Ends the PulseAudio that start.sh started in DIR (target/pulse if not given).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
dir=${1:-$here/../../../target/pulse}
[ -f "$dir/pid" ] || exit 0
kill "$(cat "$dir/pid")" 2>/dev/null || true
rm -f "$dir/pid"
