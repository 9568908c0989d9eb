#!/bin/bash
# Builds the registry of the distribution project from Go modules, for the tests: a second real registry beside Debian's.
# Once: a minute on 2 cores; what is there is left alone. Prints the path of the program.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/phases.sh"

version=3.1.2
folder=$cache/distribution/$version
if [ ! -x "$folder/registry" ]; then
  mkdir -p "$folder"
  go=$("$here/../cluster/go.sh")
  say "building the registry of the distribution project, version $version" >&2
  PATH=$(dirname "$go"):$PATH GOTOOLCHAIN=local GOBIN=$folder/part CGO_ENABLED=0 go install -trimpath -ldflags "-s -w" \
    "github.com/distribution/distribution/v3/cmd/registry@v$version" 2> >(grep -v "^go: downloading" >&2)
  mv "$folder/part/registry" "$folder/registry"
  rmdir "$folder/part"
fi
echo "$folder/registry"
