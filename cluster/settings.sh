# Sourced by the cluster's scripts: names, addresses, folders and versions, each said once.
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/phases.sh"

home=$cache/cluster            # programs and base images, built once
programs=$home/bin
images=$home/images
# The running cluster's state: removed by down.sh. Not below a home folder, which root of a pod's user namespace may not enter.
data=${STRATA_CLUSTER_DATA:-/var/lib/strata-cluster}
processes=$data/run            # NAME.pid: "pid start-time" of every process that up.sh started
logs=$data/log
certificates=$data/pki
configuration=$data/conf
export KUBECONFIG_OF_CLUSTER=$configuration/admin.kubeconfig

kubernetes_sources=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/kubernetes
# go.mod is the newest Kubernetes; KUBERNETES_MINOR=1.33 takes 1.33.mod, for which there is a file for each older minor.
kubernetes_module=$kubernetes_sources/${KUBERNETES_MINOR:-go}.mod
[ -s "$kubernetes_module" ] || die "There is no Kubernetes ${KUBERNETES_MINOR:-} to build" \
  "set KUBERNETES_MINOR to one of: $(cd "$kubernetes_sources" && ls [0-9]*.mod | sed 's/.mod$//' | tr '\n' ' ')or not at all"
kubernetes_version=$(awk '$1 == "k8s.io/kubernetes" { print substr($2, 2) }' "$kubernetes_module")
containerd_version=2.3.7
runc_version=1.5.2
# A change to the program's sources makes another folder, so an old binary is never taken for a new one.
kubernetes_programs=$programs/kubernetes-$kubernetes_version-$(cat "$kubernetes_sources"/*.go "$kubernetes_module" | sha256sum | cut -c1-8)
containerd_programs=$programs/containerd-$containerd_version
runc_programs=$programs/runc-$runc_version

# The bridge is our own, so the addresses are the same on every machine and never depend on its interfaces.
bridge=stratabr0
node=strata
node_address=10.88.0.1
pod_network=10.88.0.0/16
service_network=10.96.0.0/16
api_service_address=10.96.0.1
# One registry under one name that works from the host, from the kubelet and from every pod; 127.0.0.1:5000 on the host is the same one.
registry=$node_address:5000
pause_image=$registry/kubernetes/pause:1

rule_comment=strata-cluster    # marks our iptables rules
