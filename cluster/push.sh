#!/bin/bash
# push.sh ROOTFS.tar.gz COMMAND NAME:TAG...: makes an image of one layer and pushes it to the local registry under each name.
# COMMAND is what the image runs. A name that the registry has is left alone.
set -euo pipefail
. "$(dirname "$0")/settings.sh"

layer=$1 command=$2
shift 2
manifest_type=application/vnd.oci.image.manifest.v1+json
digest_of() { echo "sha256:$(sha256sum | cut -d' ' -f1)"; }
ask() { curl -fsS --retry 2 -o /dev/null "$@"; }
has() { curl -fsI -o /dev/null -H "Accept: $manifest_type" "http://$registry/v2/$1" 2>/dev/null; }

push_blob() { # push_blob REPOSITORY DIGEST FILE
  if has "$1/blobs/$2"; then return 0; fi
  local upload
  upload=$(curl -fsS -X POST -D - -o /dev/null "http://$registry/v2/$1/blobs/uploads/" | tr -d '\r' |
    awk 'tolower($1) == "location:" { print $2 }')
  case $upload in *\?*) upload="$upload&digest=$2" ;; *) upload="$upload?digest=$2" ;; esac
  ask -T "$3" -H 'Content-Type: application/octet-stream' "$upload"
}

for name in "$@"; do
  repository=${name%:*} tag=${name##*:}
  if has "$repository/manifests/$tag"; then continue; fi
  if [ -z "${folder:-}" ]; then
    folder=$(mktemp -d)
    trap 'rm -r "$folder"' EXIT
    layer_digest=$(digest_of <"$layer")
    cat >"$folder/config" <<END
{"architecture":"$(dpkg --print-architecture)","os":"linux","config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["$command"]},"rootfs":{"type":"layers","diff_ids":["$(gzip -dc "$layer" | digest_of)"]},"history":[{"created":"1970-01-01T00:00:00Z","created_by":"ADD $(basename "$layer") /"}]}
END
    config_digest=$(digest_of <"$folder/config")
    cat >"$folder/manifest" <<END
{"schemaVersion":2,"mediaType":"$manifest_type","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"$config_digest","size":$(stat -c %s "$folder/config")},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"$layer_digest","size":$(stat -c %s "$layer")}]}
END
  fi
  push_blob "$repository" "$layer_digest" "$layer"
  push_blob "$repository" "$config_digest" "$folder/config"
  ask -T "$folder/manifest" -H "Content-Type: $manifest_type" "http://$registry/v2/$repository/manifests/$tag"
done
