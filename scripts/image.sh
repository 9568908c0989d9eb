#!/bin/bash
# image.sh: builds Strata's own image with Strata, from the repository's Dockerfile, and pushes it to IMAGE_REPOSITORY (default: the
# cluster's registry) under a tag that stands for what is in it; an image that the registry has is not built again.
# Its name ends up in target/image.name.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
. "$project/cluster/settings.sh"
cd "$project"

repository=${IMAGE_REPOSITORY:-http://$registry/strata/strata}
case $repository in http://*) scheme=http ;; *) scheme=https ;; esac
repository=${repository#*://}
host=${repository%%/*}
limit=200000000   # bytes of all layers as they are sent

jdk=$("$here/java.sh")
folder=target/image
# What Strata and its libraries use; java.desktop and java.sql are wanted only by parts of libraries that never run here.
modules=java.base,java.logging,java.management,java.naming,java.net.http,java.xml,jdk.httpserver,jdk.management,jdk.unsupported

lay_out() {
  if ! cmp -s "$jdk/release" target/runtime.made-from; then
    rm -rf target/runtime
    "$jdk/bin/jlink" --add-modules $modules --strip-debug --no-header-files --no-man-pages --output target/runtime
    cp "$jdk/release" target/runtime.made-from
  fi
  rm -rf $folder
  mkdir -p $folder
  cp -a target/runtime target/strata.jar target/lib $folder/
  cp -a bin $folder/bin
  find $folder -exec touch -h -d @0 {} +   # the time of this checkout is no part of the image
}

content_hash() {
  { sha256sum Dockerfile; (cd $folder && find . -type f -printf '%m ' -exec sha256sum {} \; | LC_ALL=C sort -k 3); } |
    sha256sum | cut -c1-12
}

manifest() {
  curl -fsS -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$scheme://$host/v2/${repository#*/}/manifests/$1" 2>/dev/null
}

layer_bytes() { # the sum of the layers' sizes, of a manifest on standard input
  tr -d ' \n' | sed 's/.*"layers"//' | grep -o '"size":[0-9]*' | awk -F : '{ sum += $2 } END { print sum + 0 }'
}

lay_out
tag=$(content_hash)
echo "$repository:$tag" >target/image.name
if manifest "$tag" >/dev/null; then
  say "$repository:$tag is there already"
  exit 0
fi
bin/strata build -f Dockerfile --state "$cache/state" --output "type=image,name=$repository:$tag,push=true" .
size=$(manifest "$tag" | layer_bytes) || die "The registry does not show the image that was just pushed to it" "look at its log"
say "$repository:$tag, $((size / 1000000)) MB compressed"
[ "$size" -lt $limit ] || die "The image is larger than the $((limit / 1000000)) MB that it may be" "see bin/strata layers $repository:$tag"
