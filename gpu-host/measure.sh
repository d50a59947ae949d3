#!/usr/bin/env bash
# The whole story of a GPU host in one command, inside the kit: what the device is and offers, whether the engine is
# right on it, how fast it is, and how fast PyTorch is on the same device, where python3 has it.
#
#   gpu-host/kit/run.sh exec bash -c '"$CYCLOPS_ROOT"/gpu-host/measure.sh OUT_FOLDER [--quick] [--seconds NUMBER]'
#
# Takes about five minutes on a large GPU, nine at most. OUT_FOLDER/results.md is the table, results.json all that it
# was made of, log.txt what the programs said; all are written anew after every part. --quick measures small sizes, to
# try this on any device; --seconds ends everything after so many seconds.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec node "$here/host/measure.mjs" "$@"
