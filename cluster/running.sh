#!/bin/bash
# Says by its exit code whether the cluster's node runs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"
. "$here/processes.sh"
runs kubelet
