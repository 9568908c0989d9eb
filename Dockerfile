# Strata's own image, for the operator and for the builder pods. Strata builds it itself: make image.
FROM debian:bookworm

# crun runs the RUN steps, time tells what memory they took, git fetches sources, also over ssh and from LFS, util-linux has unshare,
# libisal2 makes and unpacks gzip several times as fast as zlib.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates crun git git-lfs libisal2 openssh-client time util-linux \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*

# bin/strata, strata.jar, lib/ and a Java runtime of the modules it needs, laid out by scripts/image.sh.
COPY target/image /opt/strata

# A small build is watched once; what Java loaded for it is kept in a form that loads faster.
RUN ["/opt/strata/bin/strata-aot"]

ENTRYPOINT ["/opt/strata/bin/strata"]
