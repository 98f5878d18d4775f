//go:build apiserver

package kube_test

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	services      = schema.GroupVersionResource{Version: "v1", Resource: "services"}
	configMaps    = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	createOptions = metav1.CreateOptions{}
)
