#!/usr/bin/env bash
# The whole story of a GPU host in one command, inside the kit: what the device is and offers, whether the engine is
# right on it, how fast it is, and how fast PyTorch is on the same device, where python3 has it.
#
#   gpu-host/kit/run.sh exec bash -c '"$CYCLOPS_ROOT"/gpu-host/measure.sh OUT_FOLDER [--lease MINUTES] [--only KINDS] [--quick]'
#
# OUT_FOLDER/results.md is the table, results.json all that it was made of, parts/ what each program wrote, log.txt what
# it said, clocks.csv the device's clocks meanwhile; tables are written anew after every part. --lease: for so many
# minutes the machine is there (12). --only: steps, kernels, verify or train, with commas between. --quick measures small
# sizes, to try this on any device. It may be ended at any moment; a second run into the same folder begins with what is
# missing there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec node "$here/host/measure.mjs" "$@"
