#!/bin/bash
# Brings up a real one-node Kubernetes as plain processes: etcd, API server, controller manager, scheduler, kubelet,
# containerd with runc and CNI, and a registry. What runs already is left alone, what a killed run left is taken over.
# KUBERNETES_MINOR=1.33 takes an older Kubernetes than the newest.
# SERVICES=1 adds kube-proxy and CoreDNS, for ClusterIP Services and their names.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"
. "$here/processes.sh"

[ "$(id -u)" = 0 ] || die "A node needs root: mounts, cgroups and a network bridge" "run this as root"
"$here/build.sh"
mkdir -p "$home"
exec 9>"$home/lock"
flock -w 120 9 || die "Another up or down of this cluster has not ended for two minutes" "wait for it, or end it"

version_before=$(cat "$data/kubernetes-version" 2>/dev/null || true)
[ "${version_before:-$kubernetes_version}" = "$kubernetes_version" ] ||
  die "The cluster in $data is a Kubernetes $version_before" "run 'make cluster-down' before you bring up $kubernetes_version"

export PATH=$kubernetes_programs:$containerd_programs:$runc_programs:$PATH
export KUBECONFIG=$KUBECONFIG_OF_CLUSTER
export CONTAINERD_ADDRESS=$data/containerd/containerd.sock CONTAINERD_NAMESPACE=k8s.io
mkdir -p "$processes" "$logs" "$certificates" "$configuration" "$data"/{etcd,registry,kubelet,pods-log,cni/net.d} \
  "$data"/containerd/{root,state,registries}

folders_that_were_absent() { # the programs make these whatever their flags say; down.sh removes those that we brought
  [ -e "$data/absent-before" ] && return 0
  local folder
  for folder in /var/lib/cni /var/lib/kubelet /run/containerd /var/log/containers /var/log/pods /usr/libexec/kubernetes; do
    [ -e "$folder" ] || echo "$folder"
  done >"$data/absent-before"
}

# --- certificates: EC keys, all of them in well under a second

certificate() { # certificate NAME SUBJECT EXTENSION-LINES
  local file=$certificates/$1
  if [ -s "$file.crt" ]; then return 0; fi
  openssl ecparam -name prime256v1 -genkey -noout -out "$file.key"
  openssl req -new -key "$file.key" -subj "$2" -out "$file.csr"
  openssl x509 -req -in "$file.csr" -CA "$certificates/ca.crt" -CAkey "$certificates/ca.key" -CAcreateserial -days 365 \
    -out "$file.crt.part" -extfile <(printf '%b\n' "$3") 2>/dev/null
  mv "$file.crt.part" "$file.crt"
}

kubeconfig() { # kubeconfig NAME: for the user whose certificate has that name
  cat >"$configuration/$1.kubeconfig.part" <<END
apiVersion: v1
kind: Config
clusters: [{name: strata, cluster: {server: "https://$node_address:6443", certificate-authority: $certificates/ca.crt}}]
users: [{name: $1, user: {client-certificate: $certificates/$1.crt, client-key: $certificates/$1.key}}]
contexts: [{name: strata, context: {cluster: strata, user: $1}}]
current-context: strata
END
  mv "$configuration/$1.kubeconfig.part" "$configuration/$1.kubeconfig"
}

make_certificates() (
  umask 077
  local server client=extendedKeyUsage=clientAuth name
  if [ ! -s "$certificates/ca.crt" ]; then
    openssl ecparam -name prime256v1 -genkey -noout -out "$certificates/ca.key"
    openssl genrsa -out "$certificates/service-accounts.key" 2048 2>/dev/null
    openssl rsa -in "$certificates/service-accounts.key" -pubout -out "$certificates/service-accounts.pub" 2>/dev/null
    openssl req -x509 -new -key "$certificates/ca.key" -subj /CN=strata-cluster -days 365 -out "$certificates/ca.crt.part"
    mv "$certificates/ca.crt.part" "$certificates/ca.crt"
  fi
  server="extendedKeyUsage=serverAuth\nsubjectAltName=IP:$node_address,IP:127.0.0.1,IP:$api_service_address,DNS:$node,DNS:localhost"
  certificate apiserver /CN=kube-apiserver \
    "$server,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
  certificate kubelet-server "/CN=$node" "$server"
  certificate kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client $client
  certificate admin /O=system:masters/CN=admin $client
  certificate kubelet "/O=system:nodes/CN=system:node:$node" $client
  certificate controller-manager /CN=system:kube-controller-manager $client
  certificate scheduler /CN=system:kube-scheduler $client
  certificate proxy /CN=system:kube-proxy $client
  for name in admin kubelet controller-manager scheduler proxy; do kubeconfig $name; done
)

# --- network: our own bridge, one rule that hides pods behind the host, and the API's service address without kube-proxy

rule() { # rule CHAIN ARGUMENT...: of the nat table, added once
  local chain=$1
  shift
  iptables -w -t nat -C "$chain" -m comment --comment "$rule_comment" "$@" 2>/dev/null ||
    iptables -w -t nat -A "$chain" -m comment --comment "$rule_comment" "$@"
}

make_network() {
  [ -e "$data/ip_forward-before" ] || cat /proc/sys/net/ipv4/ip_forward >"$data/ip_forward-before"
  echo 1 >/proc/sys/net/ipv4/ip_forward
  [ -e "/sys/class/net/$bridge" ] || ip link add "$bridge" type bridge
  ip address replace "$node_address/16" dev "$bridge"
  ip link set "$bridge" up
  rule POSTROUTING -s $pod_network ! -d $pod_network -j MASQUERADE
  rule OUTPUT -d 127.0.0.1/32 -p tcp --dport 5000 -j DNAT --to-destination "$registry"
  if [ -z "${SERVICES:-}" ]; then
    rule PREROUTING -d $api_service_address/32 -p tcp --dport 443 -j DNAT --to-destination $node_address:6443
    rule OUTPUT -d $api_service_address/32 -p tcp --dport 443 -j DNAT --to-destination $node_address:6443
  fi
  cat >"$data/cni/net.d/10-strata.conflist" <<END
{"cniVersion": "1.0.0", "name": "strata", "plugins": [
  {"type": "bridge", "bridge": "$bridge", "isGateway": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$data/cni/addresses", "routes": [{"dst": "0.0.0.0/0"}],
            "ranges": [[{"subnet": "$pod_network", "gateway": "$node_address"}]]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
END
}

# --- registry: where everything is pushed to, and a mirror of docker.io for what is pulled

start_registry() {
  cat >"$configuration/registry.yaml" <<END
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: $data/registry}, delete: {enabled: true}}
http: {addr: "$registry"}
END
  start registry docker-registry serve "$configuration/registry.yaml"
  until_true 30 "the registry at $registry (its log: $logs/registry.log)" curl -fsS "http://$registry/v2/"
  "$here/push.sh" "$images/pause.tar.gz" /pause "${pause_image#*/}"
  # The Debian base also stands in for Ubuntu: the example's Dockerfile begins with it.
  "$here/push.sh" "$images/debian-bookworm.tar.gz" bash library/debian:bookworm library/debian:12 library/ubuntu:22.04
}

# --- containerd

start_containerd() {
  local host
  for host in docker.io localhost:5000 127.0.0.1:5000 "$registry"; do
    mkdir -p "$data/containerd/registries/$host"
    cat >"$data/containerd/registries/$host/hosts.toml" <<END
server = "http://$registry"
[host."http://$registry"]
  capabilities = ["pull", "resolve"]
END
  done
  cat >"$configuration/containerd.toml" <<END
version = 3
root = "$data/containerd/root"
state = "$data/containerd/state"
disabled_plugins = [
  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.erofs", "io.containerd.nri.v1.nri",
  "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "$CONTAINERD_ADDRESS"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "$pause_image"
  [plugins."io.containerd.cri.v1.images".registry]
    config_path = "$data/containerd/registries"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true  # the machine may lack CAP_SYS_RESOURCE
  disable_apparmor = true
  disable_hugetlb_controller = true
  tolerate_missing_hugetlb_controller = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["/usr/lib/cni"]
    conf_dir = "$data/cni/net.d"
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
        BinaryName = "$runc_programs/runc"
        Root = "$data/runc"
        SystemdCgroup = false
END
  start containerd containerd --config "$configuration/containerd.toml"
}

# --- control plane

start_api_server() {
  start etcd etcd --name=$node --data-dir="$data/etcd" --log-level=warn --auto-compaction-retention=1h --unsafe-no-fsync \
    --listen-client-urls=http://127.0.0.1:2379 --advertise-client-urls=http://127.0.0.1:2379 \
    --listen-peer-urls=http://127.0.0.1:2380 --initial-advertise-peer-urls=http://127.0.0.1:2380 \
    --initial-cluster=$node=http://127.0.0.1:2380
  start kube-apiserver kube-apiserver --bind-address=$node_address --advertise-address=$node_address --secure-port=6443 \
    --etcd-servers=http://127.0.0.1:2379 --service-cluster-ip-range=$service_network \
    --tls-cert-file="$certificates/apiserver.crt" --tls-private-key-file="$certificates/apiserver.key" \
    --client-ca-file="$certificates/ca.crt" --service-account-issuer=https://kubernetes.default.svc \
    --service-account-key-file="$certificates/service-accounts.pub" \
    --service-account-signing-key-file="$certificates/service-accounts.key" \
    --kubelet-client-certificate="$certificates/kubelet-client.crt" --kubelet-client-key="$certificates/kubelet-client.key" \
    --kubelet-certificate-authority="$certificates/ca.crt" --kubelet-preferred-address-types=InternalIP \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
    --profiling=false --anonymous-auth=false
  until_true 90 "the API server (its log: $logs/kube-apiserver.log)" kubectl get --raw /readyz
}

start_controllers() {
  start kube-controller-manager kube-controller-manager --kubeconfig="$configuration/controller-manager.kubeconfig" \
    --bind-address=127.0.0.1 --leader-elect=false --profiling=false --use-service-account-credentials=true \
    --service-account-private-key-file="$certificates/service-accounts.key" --root-ca-file="$certificates/ca.crt" \
    --cluster-signing-cert-file="$certificates/ca.crt" --cluster-signing-key-file="$certificates/ca.key"
  start kube-scheduler kube-scheduler --kubeconfig="$configuration/scheduler.kubeconfig" \
    --bind-address=127.0.0.1 --leader-elect=false --profiling=false
  if [ -n "${SERVICES:-}" ]; then start_services; fi
}

start_services() { # kube-proxy writes no sysctl; CoreDNS is a process on the bridge's address, not a pod
  start kube-proxy kube-proxy --kubeconfig="$configuration/proxy.kubeconfig" --proxy-mode=iptables \
    --cluster-cidr=$pod_network --hostname-override=$node --bind-address=$node_address --nodeport-addresses=primary \
    --healthz-bind-address=127.0.0.1:10256 --metrics-bind-address=127.0.0.1:10249 \
    --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 --conntrack-tcp-timeout-close-wait=0
  cat >"$configuration/Corefile" <<END
.:53 {
  bind $node_address
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig $configuration/admin.kubeconfig
    pods insecure
  }
  forward . /etc/resolv.conf
  cache 5
}
END
  start coredns coredns -conf "$configuration/Corefile"
}

# --- node: a kubelet that never evicts, for a machine whose disk and memory are not the cluster's alone

start_kubelet() {
  cat >"$configuration/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $node_address
healthzBindAddress: 127.0.0.1
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $certificates/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $certificates/kubelet-server.crt
tlsPrivateKeyFile: $certificates/kubelet-server.key
containerRuntimeEndpoint: unix://$CONTAINERD_ADDRESS
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
oomScoreAdj: 0
resolvConf: /etc/resolv.conf
${SERVICES:+clusterDNS: [$node_address]}
clusterDomain: cluster.local
podLogsDir: $data/pods-log
volumePluginDir: $data/volume-plugins
evictionHard: {memory.available: "0%", nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%", imagefs.inodesFree: "0%"}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
makeIPTablesUtilChains: false
serializeImagePulls: false
registryPullQPS: 0
eventRecordQPS: 0
syncFrequency: 5s
nodeStatusUpdateFrequency: 5s
END
  start kubelet kubelet --config="$configuration/kubelet.yaml" --kubeconfig="$configuration/kubelet.kubeconfig" \
    --hostname-override=$node --node-ip=$node_address --root-dir="$data/kubelet" --cert-dir="$certificates/kubelet" --v=2
  until_true 60 "the kubelet (its log: $logs/kubelet.log)" curl -fsS http://127.0.0.1:10248/healthz
  until_true 90 "the node to be Ready (logs: $logs/kubelet.log, $logs/containerd.log)" \
    kubectl wait --for=condition=Ready "node/$node" --timeout=1s
  until_true 60 "the default service account (log: $logs/kube-controller-manager.log)" kubectl get serviceaccount default
}

restart="run 'make cluster-down' and try again"
echo "$kubernetes_version" >"$data/kubernetes-version"
folders_that_were_absent
phase "Certificates" "$restart" make_certificates
phase "Network bridge $bridge" "does this machine let root make bridges and iptables rules?" make_network
phase "Registry at $registry" "is something else listening there (ss -ltnp)? The log: $logs/registry.log" start_registry
phase "containerd" "read $logs/containerd.log; $restart" start_containerd
phase "API server" "read $logs/etcd.log and $logs/kube-apiserver.log; $restart" start_api_server
phase "Controllers" "read $logs/kube-controller-manager.log; $restart" start_controllers
phase "Node" "read $logs/kubelet.log; $restart" start_kubelet
