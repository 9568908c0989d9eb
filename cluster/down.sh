#!/bin/bash
# Ends what up.sh started and nothing else: the recorded processes, the pods' own processes, mounts, network, cgroups, data.
# The programs and base images stay in the cache. Works over what a killed run left, too.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"
. "$here/processes.sh"

[ -d "$data" ] || exit 0
[ "$(id -u)" = 0 ] || die "A node is root's" "run this as root"
exec 9>"$home/lock"
flock -w 120 9 || die "Another up or down of this cluster has not ended for two minutes" "wait for it, or end it"
export CONTAINERD_ADDRESS=$data/containerd/containerd.sock CONTAINERD_NAMESPACE=k8s.io

pod_cgroups() { find /sys/fs/cgroup/kubepods /sys/fs/cgroup/*/kubepods "$@" 2>/dev/null; }

stop_control() {
  local name
  for name in kubelet kube-proxy coredns kube-scheduler kube-controller-manager; do stop $name; done
}

# Whatever lives in a cgroup below kubepods is a pod's: found there, not by its name.
no_pod_process_left() {
  local pids
  pids=$(pod_cgroups -name cgroup.procs -exec cat {} + | sort -u)
  [ -n "$pids" ] || return 0
  # shellcheck disable=SC2086
  kill -KILL $pids 2>/dev/null
  return 1
}

stop_pods() {
  until_true 20 "the pods' processes to end" no_pod_process_left
  if runs containerd; then # removing a task ends its shim as well
    timeout 30 "$containerd_programs/ctr" tasks ls -q | xargs -r timeout 30 "$containerd_programs/ctr" tasks rm -f >/dev/null 2>&1
  fi
  local folder
  for folder in /proc/[0-9]*; do # shims whose containerd was killed: their command line names our own socket
    if [ "$(readlink "$folder/exe" 2>/dev/null)" = "$containerd_programs/containerd-shim-runc-v2" ] &&
      tr '\0' ' ' <"$folder/cmdline" | grep -qF -- "-address $CONTAINERD_ADDRESS "; then
      kill -KILL "${folder#/proc/}"
    fi
  done
}

stop_servers() {
  stop containerd
  stop kube-apiserver KILL # it would wait for a minute for its watchers
  stop etcd
  stop registry
}

mounts() { awk -v folder="$data/" 'index($5, folder) == 1 { print $5 }' /proc/self/mountinfo; }

no_mount_left() { [ -z "$(mounts)" ]; }

no_cgroup_left() {
  pod_cgroups -depth -type d -exec rmdir {} +
  [ -z "$(pod_cgroups -maxdepth 0)" ]
}

remove_mounts() {
  mounts | sort -r | xargs -r -n1 umount -l
  until_true 10 "mounts below $data to go" no_mount_left
  until_true 10 "the pods' cgroups to go" no_cgroup_left
}

remove_network() {
  local port table rule chain chains
  for port in "/sys/class/net/$bridge/brif"/*; do
    if [ -e "$port" ]; then ip link delete "$(basename "$port")"; fi
  done
  if [ -e "/sys/class/net/$bridge" ]; then ip link delete "$bridge"; fi
  for table in nat filter mangle; do # our own rules, those of CNI's portmap and of kube-proxy
    iptables -w -t $table -S 2>/dev/null | grep -E -- "$rule_comment|^-A (PREROUTING|POSTROUTING|OUTPUT|INPUT|FORWARD) .*-j (KUBE-|CNI-)" |
      sed 's/^-A/-D/' | while read -r rule; do eval "iptables -w -t $table $rule"; done
    chains=$(iptables -w -t $table -S 2>/dev/null | awk '$1 == "-N" && $2 ~ /^(KUBE|CNI)-/ { print $2 }')
    for chain in $chains; do iptables -w -t $table -F "$chain"; done
    for chain in $chains; do iptables -w -t $table -X "$chain"; done
  done
  if [ -s "$data/ip_forward-before" ]; then cat "$data/ip_forward-before" >/proc/sys/net/ipv4/ip_forward; fi
}

remove_data() {
  find /var/log/containers -type l -lname "$data/*" -delete 2>/dev/null
  rm -rf /run/containerd/s
  if [ -s "$data/absent-before" ]; then xargs rm -rf --one-file-system <"$data/absent-before"; fi
  rm -rf --one-file-system "$data"
}

again="run this again; if it fails again, look for what still uses the folder $data (fuser -vm)"
phase "Stop the kubelet and the controllers" "$again" stop_control
phase "Stop the pods" "$again" stop_pods
phase "Stop the servers" "$again" stop_servers
phase "Remove mounts and cgroups" "$again" remove_mounts
phase "Remove the network" "$again" remove_network
phase "Remove the data" "$again" remove_data
