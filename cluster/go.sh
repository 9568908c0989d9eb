#!/bin/bash
# Prints the path of a go command that is new enough for the cluster's module; fetches one as a Go module where there is none.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"

wanted=$(awk '$1 == "go" { print $2 }' "$kubernetes_sources/go.mod")
new_enough() {
  local version
  version=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) || return 1
  printf '%s\n%s\n' "$wanted" "${version#go}" | sort -C -V
}

for go in "$(command -v go || true)" /usr/local/go/bin/go /usr/lib/go-*/bin/go; do
  if [ -x "$go" ] && new_enough "$go"; then
    echo "$go"
    exit 0
  fi
done

# Go's tool chain is a module like any other; Debian's older go can download it.
"$here/../scripts/packages.sh" golang-go ca-certificates >&2
say "fetching Go $wanted as a module" >&2
answer=$(cd / && GOFLAGS=-mod=mod go mod download -json "golang.org/toolchain@v0.0.1-go$wanted.linux-$(dpkg --print-architecture)") || true
folder=$(sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p' <<<"$answer")
[ -n "$folder" ] || die "Go $wanted could not be downloaded as the module golang.org/toolchain: $answer" \
  "install Go $wanted or newer yourself and put it on the PATH"
chmod -R u+w "$folder/bin" "$folder/pkg/tool"
chmod -R a+x "$folder/bin" "$folder/pkg/tool" # a module's files are not executable
echo "$folder/bin/go"
