#!/bin/bash
# Everything up to a running operator: packages, JDK, Strata, the cluster, Strata's own image, the operator. Done again, it
# changes nothing that is there already.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"
cd "$project"

java() {
  scripts/packages.sh make maven
  say "$(scripts/java.sh)"
}

cluster() {
  if [ "$CLUSTER" = local ]; then
    cluster/up.sh
  else
    kubectl get nodes
  fi
}

image() { IMAGE_REPOSITORY=${plain_http:+http://}$REGISTRY/strata/strata scripts/image.sh; }

operator() {
  local image
  image=$(cat target/image.name)
  kubectl kustomize manifests | sed "s|image: strata:.*|image: $image|" |
    kubectl apply --server-side --force-conflicts -f -
  kubectl wait --for=condition=Established --timeout=300s crd/imagebuilds.strata.dev crd/buildclasses.strata.dev
  build_class | kubectl apply -f -
  kubectl -n $operator_namespace rollout status deployment/strata --timeout=300s
}

build_class() { # how builds of this cluster reach registries
  cat <<END
apiVersion: strata.dev/v1alpha1
kind: BuildClass
metadata:
  name: default
spec:
  registries:
    mirrors: {${MIRROR:+docker.io: $MIRROR}}
    plainHttp: [${plain_http:+"$registry_host"}]
END
}

phase "JDK 25, Maven" "do what it says above, then run this again" java
phase "Build Strata (make build)" "read the compiler's messages above" make --no-print-directory -s build
phase "Kubernetes ($CLUSTER)" "do what it says above, then run this again" cluster
phase "Strata's own image, built by Strata" "read the build's log above" image
phase "Operator (kubectl apply -k manifests/)" \
  "kubectl -n $operator_namespace describe pods; kubectl -n $operator_namespace logs deployment/strata" operator
