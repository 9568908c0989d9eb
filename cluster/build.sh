#!/bin/bash
# Builds the programs of a one-node Kubernetes, from Go modules and Debian's packages, and the base images that the
# local registry serves. Once: about 6 minutes on 2 cores from nothing; what is there is left alone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"
mkdir -p "$programs" "$images"
exec 9>"$home/build.lock"
flock 9

"$here/../scripts/packages.sh" containernetworking-plugins curl docker-registry gcc iproute2 iptables libc6-dev \
  libseccomp-dev mmdebstrap openssl pkg-config procps util-linux

# install_programs FOLDER COMMAND...: runs the command with its results in a folder that gets its name only when all is there.
install_programs() {
  local folder=$1
  shift
  if [ -d "$folder" ]; then return 0; fi
  local go
  go=$("$here/go.sh")
  say "building $(basename "$folder")"
  rm -rf "$folder.part"
  mkdir -p "$folder.part"
  PATH=$(dirname "$go"):$PATH GOTOOLCHAIN=local "$@" "$folder.part" 2> >(grep -v "^go: downloading" >&2)
  mv "$folder.part" "$folder"
}

# CGO_ENABLED and -trimpath are part of Go's cache key: another value compiles everything again.
kubernetes() {
  local version=k8s.io/component-base/version
  (cd "$kubernetes_sources" && CGO_ENABLED=0 go build -trimpath -modfile="$kubernetes_module" \
    -tags "${KUBERNETES_MINOR:+kubernetes_$KUBERNETES_MINOR}" -o "$1/kube" -ldflags "-s -w \
    -X $version.gitVersion=v$kubernetes_version -X $version.gitMajor=1 -X $version.gitMinor=${kubernetes_version:2:2}" .)
  local name
  for name in etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy coredns kubectl; do
    ln -s kube "$1/$name"
  done
}

containerd() {
  local module=github.com/containerd/containerd/v2/cmd
  GOBIN=$1 CGO_ENABLED=0 go install -trimpath -ldflags "-s -w" \
    {$module/containerd,$module/containerd-shim-runc-v2,$module/ctr}@v$containerd_version
}

runc() {
  GOBIN=$1 CGO_ENABLED=1 go install -trimpath -tags seccomp -ldflags "-s -w -X main.version=$runc_version" \
    github.com/opencontainers/runc@v$runc_version
}

install_programs "$kubernetes_programs" kubernetes
install_programs "$containerd_programs" containerd
install_programs "$runc_programs" runc

# image NAME COMMAND...: a tar.gz of a root file system, made by a command that writes the tar to its standard output
image() {
  local file=$images/$1.tar.gz
  shift
  if [ -s "$file" ]; then return 0; fi
  say "making the image $(basename "$file")"
  "$@" | gzip -n -6 >"$file.part"
  mv "$file.part" "$file"
}

pause_files() {
  local folder
  folder=$(mktemp -d)
  gcc -static -Os -o "$folder/pause" "$here/pause.c"
  tar -C "$folder" --owner=0 --group=0 --numeric-owner --mtime=@0 -c pause
  rm -r "$folder"
}

image pause pause_files
image debian-bookworm "$here/debian.sh"
