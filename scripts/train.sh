#!/bin/sh
# Runs once, inside Strata's image while that is built: a small build is watched, and what Java loaded and linked for it is written to
# /opt/strata/strata.aot, from where later starts take it. Needs no network and no sandbox.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/context/folder"
echo hello >"$work/context/folder/file"
cat >"$work/context/Dockerfile" <<'END'
ARG VERSION=1
FROM scratch AS first
COPY folder /folder
WORKDIR /work
FROM scratch
ARG VERSION
LABEL version="$VERSION"
ENV PATH=/bin
COPY --from=first /folder/file /file
ENTRYPOINT ["/file"]
END

JAVA_TOOL_OPTIONS=-XX:AOTCacheOutput=/opt/strata/strata.aot \
  /opt/strata/bin/strata build --state "$work/state" --output "type=oci,dest=$work/image" "$work/context"
test -s /opt/strata/strata.aot
