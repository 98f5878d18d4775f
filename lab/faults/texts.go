package faults

import (
	"encoding/base64"
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// replaced changes what a pattern matches in a text, and fails where it matches nothing.
func replaced(text, pattern, by string) (string, error) {
	matches, err := regexp.Compile(pattern)
	if err != nil {
		return "", err
	}
	if !matches.MatchString(text) {
		return "", fmt.Errorf("want a text that matches %q", pattern)
	}
	return matches.ReplaceAllString(text, by), nil
}

// inConfigMap changes a text of a ConfigMap of istio-system.
func inConfigMap(name, key, pattern, by string) step {
	return edit(object{"v1", "ConfigMap", istioSystem, name}, func(u *unstructured.Unstructured) error {
		text, _, err := unstructured.NestedString(u.Object, "data", key)
		if err != nil {
			return err
		}
		if text, err = replaced(text, pattern, by); err != nil {
			return err
		}
		return unstructured.SetNestedField(u.Object, text, "data", key)
	})
}

// inMeshConfig changes what istiod and all proxies get; istiod takes most of it at once.
func inMeshConfig(pattern, by string) step { return inConfigMap("istio", "mesh", pattern, by) }

// inInjector changes what new proxies get.
func inInjector(pattern, by string) step {
	return inConfigMap("istio-sidecar-injector", "values", pattern, by)
}

// remoteSecrets selects the Secrets that istiod reads other clusters from (C.1).
const remoteSecrets = "istio/multiCluster=true" //nolint:gosec // a selector

func secretsOfSystem() object { return object{"v1", "Secret", istioSystem, ""} }

// inSecrets changes the kubeconfigs of the cluster's remote secrets.
func inSecrets(pattern, by string) step {
	return editAll(secretsOfSystem(), remoteSecrets, func(_ *target, u *unstructured.Unstructured) error {
		data, _, err := unstructured.NestedStringMap(u.Object, "data")
		if err != nil {
			return err
		}
		for id, encoded := range data {
			text, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil {
				return err
			}
			changed, err := replaced(string(text), pattern, by)
			if err != nil {
				return err
			}
			data[id] = base64.StdEncoding.EncodeToString([]byte(changed))
		}
		return unstructured.SetNestedStringMap(u.Object, data, "data")
	})
}
