#!/bin/bash
# Writes the tar of a minimal Debian 12 to standard output. Its package sources and apt's proxy settings are those of this
# machine where this machine is a Debian 12 itself: what works here works in the image's containers, too.
set -euo pipefail

suite=bookworm
sources=$(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
  'Created-By: Packages' 'Origin: Debian' 2>/dev/null | grep " $suite" | sort -u || true)
settings=()
while IFS= read -r line; do settings+=("--aptopt=$line"); done < <(
  apt-config dump | grep -E '^Acquire::(https?::|Check-|Retries|ForceIP).*"[^"]+";$' || true)
case $sources in *https:*) settings+=(--include=ca-certificates) ;; esac

# Without sources of this machine mmdebstrap takes Debian's own.
printf '%s\n' "$sources" | mmdebstrap --quiet --variant=minbase --format=tar "${settings[@]}" "$suite" - ${sources:+-}
