{{/* The name of all objects: the release's. */}}
{{- define "strata.name" -}}
{{ .Release.Name | trunc 53 | trimSuffix "-" }}
{{- end }}

{{- define "strata.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "strata.name" .) }}
{{- end }}

{{/* A digest stands behind @, a tag behind a colon. */}}
{{- define "strata.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{ .Values.image.repository }}{{ if hasPrefix "sha256:" $tag }}@{{ else }}:{{ end }}{{ $tag }}
{{- end }}

{{- define "strata.selector" -}}
app.kubernetes.io/name: strata
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "strata.labels" -}}
{{ include "strata.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* What the operator may do in the namespaces that it serves. */}}
{{- define "strata.namespacedRules" -}}
# What is wanted, and what became of it; never a spec.
- apiGroups: [strata.dev]
  resources: [imagebuilds{{ if not .Values.watchNamespace }}, buildclasses{{ end }}]
  verbs: [get, list, watch]
- apiGroups: [strata.dev]
  resources: [imagebuilds/status]
  verbs: [get, patch, update]
# Builder pods, and what they say.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, create, delete]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
# Plans are written and taken away; ConfigMaps that a spec names are read, and their changes are seen.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch, create, delete]
# Which pull secrets a builder pod mounts.
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [get]
# Those that a spec names, when it is needed; none is listed or watched.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
# Why a builder pod does not start, and what became of a build.
- apiGroups: [""]
  resources: [events]
  verbs: [list, create]
{{- end }}
