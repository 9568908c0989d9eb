#!/bin/bash
# Prints the folder of a JDK 25: that of JAVA_HOME, the usual folders, the PATH, or the distribution's package, in this order.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/phases.sh"

is_jdk_25() { [ -x "$1/bin/javac" ] && [ -x "$1/bin/jlink" ] && grep -qs '^JAVA_VERSION="25[".]' "$1/release"; }

find_jdk() {
  local folder java
  java=$(command -v java || true)
  for folder in "${JAVA_HOME:-}" /usr/lib/jvm/* /usr/java/* /opt/* "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* \
    ${java:+"$(dirname "$(dirname "$(readlink -f "$java")")")"}; do
    if [ -n "$folder" ] && is_jdk_25 "$folder"; then
      readlink -f "$folder"
      return 0
    fi
  done
  return 1
}

find_jdk && exit 0
package=openjdk-25-jdk-headless
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-cache show $package >/dev/null 2>&1 || apt-get update -qq >/dev/null 2>&1 || true
  if apt-cache show $package >/dev/null 2>&1; then
    "$here/packages.sh" $package >&2
    find_jdk && exit 0
  fi
fi
die "No JDK 25 in JAVA_HOME, /usr/lib/jvm, /usr/java, /opt or on the PATH, and no package $package here" \
  "install one, for example Eclipse Temurin 25 (https://adoptium.net, package temurin-25-jdk), and set JAVA_HOME to its folder"
