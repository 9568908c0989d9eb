#!/bin/bash
# packages.sh PACKAGE...: installs the Debian packages that are missing; what is there is left alone.
set -euo pipefail
. "$(dirname "$0")/phases.sh"

missing=()
for package in "$@"; do
  if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then missing+=("$package"); fi
done
[ ${#missing[@]} -gt 0 ] || exit 0

command -v apt-get >/dev/null || die "These Debian packages are missing, and there is no apt-get: ${missing[*]}" \
  "install what they hold with this system's package manager"
[ "$(id -u)" = 0 ] || die "These Debian packages are missing, and only root can install them: ${missing[*]}" \
  "apt-get install ${missing[*]}"

say "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# Some packages start a service when they are installed (docker-registry on port 5000): only their programs are wanted here.
policy=/usr/sbin/policy-rc.d
if [ -e $policy ]; then policy=; else printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy; fi
trap 'rm -f "$log" $policy' EXIT
{ apt-get update -q -o Acquire::Retries=5 && apt-get install -q -o Acquire::Retries=5 -o DPkg::Lock::Timeout=300 -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null || {
  tail -n 15 "$log" >&2
  die "apt-get could not install ${missing[*]}" "read its last lines above; is the package source of this machine reachable?"
}
