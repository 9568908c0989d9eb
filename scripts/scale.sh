#!/bin/bash
# How the operator does with many builds: a real API server, nodes that run nothing. Prints a line for each figure.
# BUILDS, RUNNING and CHANGES (a second) say how many. The cluster of cluster/ must be up; its own operator rests meanwhile.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cluster/settings.sh"
cd "$here/.."
export KUBECONFIG=$KUBECONFIG_OF_CLUSTER PATH=$kubernetes_programs:$PATH

"$here/maven.sh" -q package -DskipTests   # the tests are compiled: the benchmark is among them
kubectl apply --server-side -k crds/ >/dev/null
kubectl wait --for=condition=Established crd/imagebuilds.strata.dev crd/buildclasses.strata.dev >/dev/null
folder=$(mktemp -d)
replicas=$(kubectl -n strata-system get deployment strata -o jsonpath='{.spec.replicas}' 2>/dev/null || true)
finish() {
  rm -rf "$folder"
  if [ -n "$replicas" ]; then kubectl -n strata-system scale deployment strata --replicas="$replicas" >/dev/null; fi
}
trap finish EXIT
if [ -n "$replicas" ]; then
  kubectl -n strata-system scale deployment strata --replicas=0 >/dev/null
  kubectl -n strata-system wait pod -l app.kubernetes.io/name=strata --for=delete --timeout=60s >/dev/null
fi
openssl pkcs12 -export -in "$certificates/kubelet-server.crt" -inkey "$certificates/kubelet-server.key" -out "$folder/kubelet.p12" \
  -passout pass:fake
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
libraries='target/strata.jar:target/lib/operator/*'
"$java" -cp "target/test-classes:$libraries" dev.strata.e2e.ScaleBenchmark \
  "${BUILDS:-10000}" "${RUNNING:-1000}" "${CHANGES:-20}" "$node_address" "$folder/kubelet.p12" \
  "$java" -XX:MaxRAM=512m -XX:MaxRAMPercentage=60 -XX:+UseSerialGC -XX:MaxNewSize=32m -XX:TieredStopAtLevel=1 -cp "$libraries" dev.strata.Main operator \
  --builder-image=strata --port=18080 --hook-port=18081
