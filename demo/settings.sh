# Sourced by the demo's scripts: which cluster and which registry, and the tools to reach them.
# CLUSTER=local (default): the one-node Kubernetes of cluster/, with its registry.
# CLUSTER=current: the cluster of KUBECONFIG. REGISTRY then names where images go and where its nodes and pods can reach them,
#   such as registry.example/team, or http://10.0.0.5:5000/team for one without TLS.
# MIRROR, where set, is the URL of a mirror of docker.io, for the builds on this machine and in the cluster.
. "$(dirname "${BASH_SOURCE[0]}")/../cluster/settings.sh"

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CLUSTER=${CLUSTER:-local}
case $CLUSTER in
  local)
    export KUBECONFIG=$KUBECONFIG_OF_CLUSTER PATH=$kubernetes_programs:$PATH
    REGISTRY=http://$registry
    MIRROR=http://$registry
    ;;
  current)
    command -v kubectl >/dev/null || die "CLUSTER=current needs kubectl on the PATH" "install it, or leave CLUSTER out"
    kubectl version >/dev/null 2>&1 || die "The cluster of KUBECONFIG (${KUBECONFIG:-~/.kube/config}) does not answer" \
      "see that 'kubectl version' works"
    [ -n "${REGISTRY:-}" ] || die "CLUSTER=current needs a registry that this machine can push to and the cluster can pull from" \
      "set REGISTRY, for example REGISTRY=registry.example/team (with http:// before it where it has no TLS)"
    ;;
  *) die "CLUSTER=$CLUSTER is neither local nor current" "leave it out, or set CLUSTER=current" ;;
esac
case $REGISTRY in
  http://*) plain_http=1 ;;
  # A script that another started finds the name without http://, and what the other made of it.
  *) if [ "${STRATA_PLAIN_HTTP:-}" = "${REGISTRY%%/*}" ]; then plain_http=1; else plain_http=; fi ;;
esac
REGISTRY=${REGISTRY#*://}
REGISTRY=${REGISTRY%/}
registry_host=${REGISTRY%%/*}
if [ -n "$plain_http" ]; then export STRATA_PLAIN_HTTP=$registry_host; fi
if [ -n "${MIRROR:-}" ]; then export STRATA_REGISTRY_MIRROR=docker.io=$MIRROR; fi
operator_namespace=strata-system
example_namespace=demo
