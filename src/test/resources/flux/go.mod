module strata.dev/flux

go 1.26.0

require (
	github.com/fluxcd/image-reflector-controller/api v1.2.5
	github.com/fluxcd/kustomize-controller/api v1.9.6
	github.com/fluxcd/pkg/envsubst v1.7.1
	sigs.k8s.io/yaml v1.6.0
)
