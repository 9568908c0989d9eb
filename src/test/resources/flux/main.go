// Reads the examples for Flux as Flux's own types, strictly, and puts a ConfigMap's keys into a manifest as its
// kustomize-controller does.
package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"

	reflector "github.com/fluxcd/image-reflector-controller/api/v1"
	kustomize "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/envsubst"
	"sigs.k8s.io/yaml"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	kinds := map[string]func() any{
		"ImageRepository": func() any { return &reflector.ImageRepository{} },
		"ImagePolicy":     func() any { return &reflector.ImagePolicy{} },
		"Kustomization":   func() any { return &kustomize.Kustomization{} },
	}
	for _, name := range []string{"image-policy.yaml", "kustomization.yaml"} {
		text, err := os.ReadFile(filepath.Join(os.Args[1], name))
		check(err)
		for _, document := range bytes.Split(text, []byte("\n---\n")) {
			var plain struct{ Kind, ApiVersion string }
			check(yaml.Unmarshal(document, &plain))
			check(yaml.UnmarshalStrict(document, kinds[plain.Kind]()))
			fmt.Println(name, plain.ApiVersion, plain.Kind)
		}
		fmt.Printf("%s %x\n", name, sha256.Sum256(text))
	}
	keys := map[string]string{"image": "registry.example/team-a/shop@sha256:0123"}
	text, err := envsubst.Eval("image: ${image}", func(key string) (string, bool) { value, ok := keys[key]; return value, ok })
	check(err)
	fmt.Println(text)
}
