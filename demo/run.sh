#!/bin/bash
# The main job, end to end: what install.sh sets up, then one ImageBuild from kubectl apply to a running pod.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"
cd "$project"
began=$EPOCHREALTIME

# The strictest level that admits a pod in which RUN works.
level() {
  local minor
  minor=$(kubectl version -o json | sed -n '/serverVersion/,$s/.*"minor": "\([0-9]*\).*/\1/p')
  if [ "$minor" -ge 35 ]; then echo baseline; else echo privileged; fi
}

apply() {
  kubectl create namespace $example_namespace --dry-run=client -o yaml |
    kubectl label --local -f - pod-security.kubernetes.io/enforce="$(level)" -o yaml | kubectl apply -f -
  sed "s|10.88.0.1:5000|$REGISTRY|" examples/hello/imagebuild.yaml | kubectl -n $example_namespace apply -f -
}

# The status as lines, printed anew at every change.
progress='{{$generation := .metadata.generation}}{{with .status}}{{range .platforms}}{{range .stages}}{{$stage := .name}}{{range .steps -}}
step {{$stage}} {{.number}}  {{printf "%-8s" .state}} {{.instruction}}{{if .cached}}  (from the cache){{end}}{{if .seconds}}  {{.seconds}} s{{end}}
{{end}}{{end}}{{end}}{{if .observedGeneration}}{{if eq .observedGeneration $generation}}{{range .conditions}}{{if eq .status "True" -}}
{{.type}}: {{.message}}
{{end}}{{end}}{{end}}{{end}}{{end}}'

# Shows each line of the status once, until the build is Ready or Stalled.
follow() {
  local line code=1
  declare -A shown
  exec 7< <(exec timeout 1800 kubectl -n $example_namespace get imagebuild hello --watch -o go-template="$progress")
  local watcher=$!
  while IFS= read -r line <&7; do
    if [ -z "$line" ] || [ -n "${shown[$line]:-}" ]; then continue; fi
    shown[$line]=1
    say "$line"
    case $line in
      Ready:*) code=0; break ;;
      Stalled:*) break ;;
    esac
  done
  kill $watcher
  exec 7<&-
  return $code
}

show() {
  kubectl -n $example_namespace get imagebuilds
  echo
  bin/strata layers "$(image)"
}

image() { kubectl -n $example_namespace get imagebuild hello -o jsonpath='{.status.image}'; }

run_image() {
  kubectl -n $example_namespace delete pod hello --ignore-not-found --wait >/dev/null
  kubectl -n $example_namespace run hello --image="$(image)" --restart=Never >/dev/null
  kubectl -n $example_namespace wait --for=jsonpath='{.status.phase}'=Succeeded pod/hello --timeout=180s >/dev/null
  kubectl -n $example_namespace logs hello
}

"$here/install.sh"
describe="kubectl -n $example_namespace describe imagebuild hello; kubectl -n $example_namespace logs -l strata.dev/build=hello"
phase "kubectl apply -f examples/hello/imagebuild.yaml" "is the operator running? kubectl -n $operator_namespace get pods" apply
phase "The build" "$describe" follow
phase "The image and its layers" "$describe" show
phase "The image as a pod" "kubectl -n $example_namespace describe pod hello" run_image

printf '\nDone in %s s. The cluster is yours:\n' "$(seconds_since "$began")"
echo "export KUBECONFIG=${KUBECONFIG:-$HOME/.kube/config}"
