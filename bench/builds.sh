#!/bin/bash
# builds.sh: whole builds, from `strata build` to the image in a registry: each workload of bench/builders twice, its time as a multiple of
# the least that this machine could take (its floor), next to the figures that are committed. Needs root; takes about eight minutes, and the
# first time some more for the base images, which are kept in ~/.cache/strata/bench. STRATA_BENCH_WORKLOADS=W4,W9 measures these only.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
. "$project/scripts/phases.sh"

[ "$(id -u)" = 0 ] || { say "builds: skipped, they need root"; exit 0; }
"$project/scripts/packages.sh" crun curl docker-registry gzip libisal2 mmdebstrap openssl python3 util-linux zstd
work=$cache/bench
results=$project/target/bench/builds.json
mkdir -p "$work" "${results%/*}"
chattr +T "$work" 2>/dev/null || say "builds: $work cannot be spread over its file system (chattr +T); making many files may be slow there"
run() { PYTHONDONTWRITEBYTECODE=1 python3 "$here/builders/bench" "$@"; }

[ -d "$work/base/registry-seed" ] || phase "Base images for the benchmark" "Are Debian's packages reachable?" run prepare --work "$work"
STRATA_BIN=$project/bin/strata run run --work "$work" --builders strata --rounds 2 --budget 480 \
  --workloads "${STRATA_BENCH_WORKLOADS:-W9,W1-warm,W1-eph,W6,W7,W10-warm,W10-eph,W4,W4-zstd,W5,W8,W8-zstd}" --out "$results"
run compare "$results" "$here/results/strata.json"
