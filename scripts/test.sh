#!/bin/bash
# test.sh SUITE...: runs suites of tests (unit, corpora, bud, root, cluster) and sums them up. A suite whose needs are not there
# is skipped with the reason. The last line is "N passed, N failed, N skipped"; the exit code is 0 only if nothing failed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
. "$here/phases.sh"

reports=$project/target/test-reports
mkdir -p "$reports"
passed=0 failed=0 skipped=0
lines=()   # the summary, a line for each suite

skip() { # skip SUITE REASON
  skipped=$((skipped + 1))
  lines+=("$(printf '%-8s skipped: %s' "$1" "$2")")
  say "skipped: $2"
}

attribute_sum() { # attribute_sum NAME FILE...: over the testsuite elements of Surefire's reports
  { grep -ho "<testsuite [^>]*" "${@:2}" 2>/dev/null || true; } | sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" |
    awk '{ sum += $1 } END { print sum + 0 }'
}

tag() { # tag SUITE GROUPS EXCLUDED-GROUPS [MAVEN ARGUMENT...]: runs one suite in Surefire and counts its reports
  local suite=$1 groups=$2 excluded=$3 code=0 from=$EPOCHREALTIME
  shift 3
  rm -rf "$project/target/surefire-reports" "${reports:?}/$suite"
  "$here/maven.sh" test -Dgroups="$groups" -DexcludedGroups="$excluded" -Dsurefire.failIfNoSpecifiedTests=false "$@" || code=$?
  mkdir -p "$project/target/surefire-reports"
  mv "$project/target/surefire-reports" "$reports/$suite"
  local files=("$reports/$suite"/TEST-*.xml)
  local all bad not_run
  all=$(attribute_sum tests "${files[@]}")
  bad=$(($(attribute_sum failures "${files[@]}") + $(attribute_sum errors "${files[@]}")))
  not_run=$(attribute_sum skipped "${files[@]}")
  if [ "$code" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi   # it did not compile, or the JVM died
  passed=$((passed + (all - bad - not_run > 0 ? all - bad - not_run : 0)))
  failed=$((failed + bad))
  skipped=$((skipped + not_run))
  lines+=("$(printf '%-8s %d tests, %d failed, %d skipped in %s s' "$suite" "$all" "$bad" "$not_run" "$(seconds_since "$from")")")
  reasons "${files[@]}"
}

reasons() { # why tests were skipped, each reason once: an assumption that failed, or a word with @Disabled
  local reason
  while IFS= read -r reason; do lines+=("         skipped: $reason"); done < <(
    grep -h '<skipped' "$@" 2>/dev/null | sed -n 's/.*Assumption failed: //p; s/.*<skipped message="\([^"]*\)".*/\1/p' | sort -u)
}

unit() {
  "$here/packages.sh" docker-registry || say "docker-registry could not be installed: its tests are skipped"
  "$here/packages.sh" libisal2 || say "libisal2 could not be installed: its tests are skipped"
  "$here/packages.sh" git-lfs || say "git-lfs could not be installed: its tests are skipped"
  "$here/distribution.sh" >/dev/null || say "the distribution project's registry could not be built: its tests are skipped"
  tag unit "" root,cluster,corpora spotless:check   # the one formatter is held to with them
}

corpora() {
  local folder=${STRATA_CORPORA:-$project/../shared/corpora}
  if [ ! -d "$folder" ]; then
    skip corpora "no corpora at $folder; set STRATA_CORPORA to the folder that holds them"
    return 0
  fi
  local excluded=cluster
  needs_root "corpora of layers" || excluded=root,cluster
  STRATA_CORPORA=$(cd "$folder" && pwd) tag corpora corpora "$excluded"
  scores "$reports/corpora"/TEST-*.xml
}

scores() { # the line of each set, such as "tarsec: 99 of 99"
  local score
  while IFS= read -r score; do lines+=("         $score"); done < <(
    sed -n 's/^.*<!\[CDATA\[//; s/^\([a-z][a-z ,'"'"']*: [0-9]* of [0-9]*\).*/\1/p' "$@" | sort -u)
}

# Whole builds, judged by the corpora's own judge: a sample of three minutes, or with BUD=all every case.
bud() {
  needs_root bud || return 0
  local folder=${STRATA_CORPORA:-$project/../shared/corpora} code=0 line
  if [ ! -d "$folder/judge" ]; then
    skip bud "no judge in $folder; set STRATA_CORPORA to the folder that holds the corpora"
    return 0
  fi
  if [ ! -f "$HOME/.cache/strata-judge/bases.json" ]; then
    skip bud "the judge has no base images yet; they are made by: python3 $folder/judge bases"
    return 0
  fi
  "$here/packages.sh" crun git util-linux python3
  STRATA_CORPORA=$folder "$here/judge.sh" $([ "${BUD:-}" = all ] || echo 180) >"$reports/bud.txt" || code=$?
  cat "$reports/bud.txt"
  line=$(grep '^bud: ' "$reports/bud.txt") || line='bud: nothing was judged'
  if [ $code -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  lines+=("bud      ${line#bud: } cases right")
}

needs_root() {
  if [ "$(id -u)" = 0 ]; then return 0; fi
  skip "$1" "not root: mounts and containers need it"
  return 1
}

root() {
  needs_root root || return 0
  "$here/packages.sh" crun runc git util-linux time btrfs-progs busybox-static openssh-client gcc libc6-dev skopeo umoci buildah
  tag root root cluster,corpora
}

# The cluster is brought up for the tests and taken down after them, unless it ran before.
cluster() {
  needs_root cluster || return 0
  local code=0 ran_before=
  if "$project/cluster/running.sh"; then ran_before=1; fi
  "$project/demo/install.sh" || code=$?
  if [ $code -ne 0 ]; then
    failed=$((failed + 1))
    lines+=("cluster  failed: the cluster or the operator did not come up, see above")
  else
    local helm programs
    helm=$("$here/helm.sh")
    programs=$(. "$project/cluster/settings.sh"; echo "$kubernetes_programs")
    KUBECONFIG=$(. "$project/cluster/settings.sh"; echo "$KUBECONFIG_OF_CLUSTER") PATH=$(dirname "$helm"):$programs:$PATH \
      tag cluster cluster ""
  fi
  if [ -z "$ran_before" ]; then "$project/cluster/down.sh"; fi
}

for suite in "$@"; do
  printf '%s== Tests: %s%s\n' "$bold" "$suite" "$plain"
  "$suite"
done

printf '\n'
printf '%s\n' "${lines[@]}"
if [ "$failed" -gt 0 ]; then
  printf 'Reports: %s; failing classes:\n' "$reports"
  grep -lE '<(failure|error)' "$reports"/*/TEST-*.xml 2>/dev/null | sed 's/^/  /' || true
fi
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
