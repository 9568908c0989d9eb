#!/bin/bash
# image.sh [REPOSITORY]: builds Strata's own image with Strata, from the repository's Dockerfile, and pushes it under a tag that
# stands for what is in it; an image that the registry has is not built again. Its name ends up in target/image.name.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
. "$here/phases.sh"
. "$project/cluster/settings.sh"
cd "$project"

repository=${1:-$registry/strata/strata}
jdk=$("$here/java.sh")
folder=target/image
# What Strata's own code and its libraries use; java.desktop and java.sql are wanted only by parts of libraries that never run here.
modules=java.base,java.logging,java.management,java.naming,java.net.http,java.xml,jdk.httpserver,jdk.management,jdk.unsupported

lay_out() {
  if ! cmp -s "$jdk/release" target/runtime.made-from; then
    rm -rf target/runtime
    "$jdk/bin/jlink" --add-modules $modules --strip-debug --no-header-files --no-man-pages --output target/runtime
    cp "$jdk/release" target/runtime.made-from
  fi
  rm -rf $folder
  mkdir -p $folder
  cp -a target/runtime $folder/runtime
  cp -a target/strata.jar target/lib $folder/
  install -D bin/strata $folder/bin/strata
  install scripts/train.sh $folder/bin/train
  find $folder -exec touch -h -d @0 {} +   # times of this checkout are no part of the image
}

content_hash() {
  { cat Dockerfile; find $folder -type f -printf '%P %m\n' | LC_ALL=C sort; find $folder -type f | LC_ALL=C sort | xargs sha256sum; } |
    sha256sum | cut -c1-12
}

lay_out
name=$repository:$(content_hash)
