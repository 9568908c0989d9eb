# Sourced by every script: how a phase is announced, timed and, when it fails, explained.

cache=${STRATA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/strata}   # everything that outlives a checkout

if [ -t 1 ]; then bold=$'\e[1m' faint=$'\e[2m' red=$'\e[31m' plain=$'\e[0m'; else bold='' faint='' red='' plain=''; fi

say() { printf '   %s\n' "$*"; }

complain() { printf '%s%s%s\n' "$red" "$*" "$plain" >&2; }

die() { # die WHAT [HOW TO MEND IT]
  complain "$1"
  if [ $# -gt 1 ]; then printf '   What to do: %s\n' "$2" >&2; fi
  exit 1
}

seconds_since() { awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }'; }

# phase NAME HINT COMMAND...: runs the command, says how long it took; where it fails, the hint tells what to do and all ends.
# A phase inside another one, also in another script, is told in one line when it has ended.
phase() {
  local name=$1 hint=$2 from=$EPOCHREALTIME code stop_at_errors=+e
  shift 2
  if [ -z "${inside_phase:-}" ]; then printf '%s== %s%s\n' "$bold" "$name" "$plain"; fi
  case $- in *e*) stop_at_errors=-e ;; esac
  set +e # not "|| code=$?": that would switch -e off for all that the command calls
  (export inside_phase=1; set $stop_at_errors; "$@")
  code=$?
  set $stop_at_errors
  if [ "$code" -ne 0 ]; then
    complain "   failed after $(seconds_since "$from") s: $name (exit code $code)"
    printf '   What to do: %s\n' "$hint" >&2
    exit "$code"
  fi
  printf '   %s%s%s s%s\n' "$faint" "${inside_phase:+$name: }" "$(seconds_since "$from")" "$plain"
}

# until_true SECONDS WHAT COMMAND...: asks again and again until the command succeeds.
until_true() {
  local limit=$1 what=$2
  shift 2
  local end=$((SECONDS + limit))
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then
      complain "   waited $limit s in vain for: $what"
      return 1
    fi
    sleep 0.1
  done
}
