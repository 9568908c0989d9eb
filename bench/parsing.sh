#!/bin/bash
# parsing.sh: how fast the real Dockerfiles of the corpora are read. Warm: all of them in one process, again and again, as the operator of a
# long builder would see it; the aim is over 50 MB/s. Cold: each in a process of its own that has read none before, started as bin/strata
# starts; the aim is that none takes over 5 ms of the process's own time. Takes a minute.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
. "$project/scripts/phases.sh"

files=${STRATA_CORPORA:-$project/../shared/corpora}/realworld/files
[ -d "$files" ] || { say "parsing: skipped, no corpora at $files; set STRATA_CORPORA to the folder that holds them"; exit 0; }
jdk=$("$project/scripts/java.sh")
jar=$project/target/strata.jar
work=$project/target/bench
[ -f "$jar" ] || die "There is no $jar" "make build"
rm -rf "$work" && mkdir -p "$work"
"$jdk/bin/javac" -cp "$jar" -d "$work/classes" "$here/Parsing.java"
"$jdk/bin/jar" --create --file "$work/parsing.jar" -C "$work/classes" .

flags=(-XX:+UseSerialGC -XX:MaxRAMPercentage=40 --enable-native-access=ALL-UNNAMED -Xlog:disable)
parsing=(-cp "$jar:$work/parsing.jar" Parsing)
warm=$("$jdk/bin/java" "${flags[@]}" "${parsing[@]}" warm "$files"/*)
for file in "$files"/*; do   # the flags of bin/strata for short commands
  printf '%s %s\n' "$("$jdk/bin/java" "${flags[@]}" -XX:TieredStopAtLevel=1 "-XX:AOTCache=$project/target/strata.aot" \
    "${parsing[@]}" cold "$file")" "${file##*/}"
done | sort -rn >"$work/cold.txt"

awk -v warm="$warm" 'NR == 1 { worst = $1; name = $2 } { all[NR] = $1; over += $1 > 5 }
  END { printf "parsing: %s MB/s warm; cold %.2f ms in the middle, %.2f ms at worst (%s), %d of %d files over 5 ms\n", warm, all[int((NR + 1) / 2)], worst, name, over, NR }' \
  "$work/cold.txt"
