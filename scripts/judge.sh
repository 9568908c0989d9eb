#!/bin/bash
# judge.sh [SECONDS]: builds the cases of the corpus bud with bin/strata and has the corpora's own judge compare what came out.
# With SECONDS only a sample that fits in that time. Prints "bud: N of M" and each case that is not right; the exit code is 1 where
# there is one. Cases that the judge cannot judge do not count. Needs root, and the judge's base images (python3 judge bases).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
. "$here/phases.sh"

seconds=${1:-}
corpora=$(cd "${STRATA_CORPORA:-$project/../shared/corpora}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Each case has a folder of its own for what would be kept between builds.
cat >"$work/strata" <<END
#!/bin/sh
exec "$project/bin/strata" "\$@" --state "\$JUDGE_WORK/state"
END
chmod +x "$work/strata"

only=.
limit=7200
if [ -n "$seconds" ]; then
  limit=$seconds
  only=$(python3 - "$corpora/bud/index.jsonl" <<'END'
import hashlib, json, re, sys
ids = [case["id"] for case in map(json.loads, open(sys.argv[1])) if case["tier"] == "A"]
ids.sort(key=lambda name: hashlib.sha256(name.encode()).digest())  # all families, and always the same cases
print("^(?:" + "|".join(map(re.escape, ids[:60])) + ")$")
END
)
fi
(cd "$work" && PYTHONDONTWRITEBYTECODE=1 timeout "$limit" python3 "$corpora/judge" run --builder "$work/strata" --tier A --jobs "$(nproc)" \
  --only "$only" --out "$work/results.jsonl") >"$work/log" 2>&1 || true
[ -s "$work/results.jsonl" ] || die "the judge judged nothing: $(tail -n 1 "$work/log")" "Run it by hand: python3 $corpora/judge run --help"
python3 - "$work/results.jsonl" <<'END'
import json, sys
judged = [case for case in map(json.loads, open(sys.argv[1])) if case["verdict"] != "not judged"]
wrong = [case for case in judged if case["verdict"] != "right"]
print(f"bud: {len(judged) - len(wrong)} of {len(judged)}")
for case in wrong:
    print(f"  {case['id']}: {case['verdict']}: {(case.get('reasons') or [''])[0][:300]}")
sys.exit(1 if wrong else 0)
END
