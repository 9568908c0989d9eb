#!/bin/bash
# How long builds take in the cluster from apply to Ready, and where the time goes: bench/cluster/latency on the cluster of cluster/, which
# must be up with the operator in it (make demo). ROUNDS says how often each case is built; more arguments are the program's.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cluster/settings.sh"
export KUBECONFIG=$KUBECONFIG_OF_CLUSTER PATH=$kubernetes_programs:$PATH PYTHONDONTWRITEBYTECODE=1

"$here/packages.sh" git python3
python3 "$here/../bench/cluster/latency" --registry "$registry" --address "$node_address" --rounds "${ROUNDS:-7}" \
  --ctr "$containerd_programs/ctr --address $data/containerd/containerd.sock" "$@"
