# Sourced: starts and stops the cluster's processes. A process is known by its pid and its start time, so that
# a number that the kernel has given to somebody else in the meantime is never taken for ours.

start_time() { # start_time PID: clock ticks since boot; fails where there is no such process
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # shellcheck disable=SC2086 # the fields after the name, which may hold spaces itself
  set -- ${stat##*) }
  echo "${20}"
}

pid_of() { # pid_of NAME: the pid, only while that very process lives
  local pid started
  read -r pid started 2>/dev/null <"$processes/$1.pid" || return 1
  [ "$(start_time "$pid")" = "$started" ] || return 1
  [ "$(cut -d' ' -f3 <"/proc/$pid/stat")" != Z ] || return 1
  echo "$pid"
}

runs() { pid_of "$1" >/dev/null; }

# start NAME COMMAND...: in a session of its own. The process writes its number down before it becomes the program,
# so even a start that is killed half-way leaves nothing that stop could not find.
start() {
  local name=$1
  shift
  if runs "$name"; then return 0; fi
  rm -f "$processes/$name.pid"
  # shellcheck disable=SC2016
  setsid -f bash -c '
    . "$1"; echo "$$ $(start_time $$)" >"$2.part"; mv "$2.part" "$2"; shift 2; exec "$@"
  ' start "${BASH_SOURCE[0]}" "$processes/$name.pid" "$@" >>"$logs/$name.log" 2>&1 </dev/null 9>&-
  until_true 10 "$name to start" test -s "$processes/$name.pid"
}

# stop NAME [SIGNAL]: ends it, with KILL where it has not gone after 5 seconds, and forgets it.
stop() {
  local name=$1 signal=${2:-TERM} pid
  if pid=$(pid_of "$name"); then
    kill -"$signal" "$pid"
    if ! until_true 5 "$name to end" ended "$name"; then
      kill -KILL "$pid"
      until_true 5 "$name to end" ended "$name"
    fi
  fi
  rm -f "$processes/$name.pid"
}

ended() { ! runs "$1"; }
