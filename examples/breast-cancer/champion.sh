#!/bin/sh
# Applies champion.yaml to a running server (MARTLET_SERVER, else http://127.0.0.1:5000), runs the pipeline to its end and
# says why the champion answers as it does.
set -eu
cd "$(dirname "$0")"
martlet=${MARTLET_BINARY:-martlet}
"$martlet" apply champion.yaml
"$martlet" pipeline run champion --follow
"$martlet" model show cancer
"$martlet" model explain cancer@production --dataset breast-cancer --split test --plot beeswarm \
  --to "${1:-champion.svg}"
