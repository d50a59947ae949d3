#!/usr/bin/env bash
# Trains on a data folder for so many minutes on a GPU host, then evaluates, inside the kit.
#
#   gpu-host/kit/run.sh exec bash -c '"$CYCLOPS_ROOT"/gpu-host/train.sh OUT_FOLDER DATA_FOLDER MINUTES [options of cyclops train]'
#
# Without options: --preset paper256. Before the minutes a trial finds the fastest kernels and counts how many steps
# they hold, after them come thresholds and evaluation. OUT_FOLDER gets train.json, evaluation.json, scores.csv,
# report.html, report.json, metrics.jsonl and log.txt; the run itself, whose checkpoint is large, stays in a folder that
# train.json names.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec node "$here/host/train.mjs" "$@"
