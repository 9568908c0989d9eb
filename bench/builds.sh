#!/bin/bash
# builds.sh: whole builds, from `strata build` to the image in a registry: each workload of bench/builders twice, its time as a multiple of
# the least that this machine could take (its floor), next to the figures that are committed. Needs root; takes about five minutes, and the
# first time some more for the base images, which are kept in ~/.cache/strata/bench. STRATA_BENCH_WORKLOADS=W4,W9 measures these only.
#
# It builds on a new file system in a file, 24 GB at most, that goes when it ends: where many files were made before, the next ones may take twenty
# times as long, for every builder.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
. "$project/scripts/phases.sh"

[ "$(id -u)" = 0 ] || { say "builds: skipped, they need root"; exit 0; }
"$project/scripts/packages.sh" crun curl docker-registry e2fsprogs gzip isal libisal2 mmdebstrap mount openssl python3 util-linux zstd
[ -n "${STRATA_BENCH_NAMESPACE:-}" ] || STRATA_BENCH_NAMESPACE=1 exec unshare --mount --propagation private "$0" "$@"   # the mount ends with it

kept=$cache/bench
work=$cache/bench-disk
results=$project/target/builds.json
mkdir -p "$kept" "$work" "${results%/*}"
disk=$cache/bench.ext4
trap 'rm -f "$disk"' EXIT
rm -f "$disk"
truncate -s 24G "$disk"
mkfs.ext4 -q "$disk"
if mount -o loop "$disk" "$work"; then
  mkdir -p "$kept/base"
  cp -a "$kept/base" "$work/"
else
  say "builds: a file system in a file cannot be mounted here; $kept is used, where making many files may be slow"
  work=$kept
fi
run() { PYTHONDONTWRITEBYTECODE=1 python3 "$here/builders/bench" "$@"; }

if [ ! -d "$work/base/registry-seed" ]; then
  phase "Base images for the benchmark" "Are Debian's packages reachable?" run prepare --work "$work"
  [ "$work" = "$kept" ] || { rm -rf "$kept/base"; cp -a "$work/base" "$kept/"; }
fi
STRATA_BIN=$project/bin/strata run run --work "$work" --builders strata --rounds 2 --budget 480 \
  --workloads "${STRATA_BENCH_WORKLOADS:-W9,W1-warm,W1-eph,W6,W7,W10-warm,W10-eph,W4,W4-zstd,W5,W8,W8-zstd}" --out "$results"
run compare "$results" "$here/results/strata.json"
