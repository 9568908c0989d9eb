# syntax=docker/dockerfile:1
# escape=\
# check=skip=UndefinedVar,NoEmptyContinuation;error=false
ARG VERSION=1
ARG BASE
# language is only read
FROM --platform=$BUILDPLATFORM debian:13 AS language
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ARG VERSION TARGETARCH=${VERSION:-amd64}
ENV A="a b" B=$A C='c'
ENV OLD form
LABEL name=value other="two words"
RUN --mount=type=cache,target=/var/cache,sharing=locked --mount=type=secret,id=token --network=none apt-get update \
    # why
    && apt-get install -y --no-install-recommends gcc \

    && rm -rf /var/lib/apt/lists/*
RUN ["true", "with", "words"]
RUN <<-"SCRIPT" bash
	curl -fsSL https://example.invalid/file | sha256sum -c
	SCRIPT
COPY --chmod=0644 <<file /etc/file
text with $A
file
COPY --chown=1:1 --chmod=u+x --link --parents --exclude=*.md a b/ /to/
ADD --checksum=sha256:0123456789012345678901234567890123456789012345678901234567890123 https://example.invalid/a.tar /
EXPOSE 80 443/tcp 7000-7010/udp
USER 1000:1000
VOLUME ["/data"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=0s --retries=3 CMD curl -f http://localhost/ || exit 1
ONBUILD RUN true
CMD echo $HOME
FROM $BASE AS first
WORKDIR /work
COPY --chown=1:1 files/ ./
FROM $BASE
ARG VERSION
LABEL version="${VERSION:-none}"
USER 1000
COPY --from=first /work/file1 /work/file2 /copied/
COPY . /app
HEALTHCHECK --interval=5s CMD ["/app/check"]
ENTRYPOINT ["/app/start"]
