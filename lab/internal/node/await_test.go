package node

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestUnschedulable(t *testing.T) {
	condition := func(kind corev1.NodeConditionType, status corev1.ConditionStatus, message string) corev1.NodeCondition {
		return corev1.NodeCondition{Type: kind, Status: status, Message: message}
	}
	ready := condition(corev1.NodeReady, corev1.ConditionTrue, "kubelet is posting ready status")
	pressure := condition(corev1.NodeDiskPressure, corev1.ConditionTrue, "kubelet has disk pressure")
	taint := []corev1.Taint{{Key: corev1.TaintNodeDiskPressure, Effect: corev1.TaintEffectNoSchedule}}
	tests := map[string]struct {
		conditions []corev1.NodeCondition
		taints     []corev1.Taint
		want       string
	}{
		"new":                        {want: "no condition Ready yet"},
		"ready":                      {conditions: []corev1.NodeCondition{ready, condition(corev1.NodeDiskPressure, corev1.ConditionFalse, "enough")}},
		"not ready":                  {conditions: []corev1.NodeCondition{condition(corev1.NodeReady, corev1.ConditionFalse, "no network")}, want: "condition Ready False (no network)"},
		"a full disk":                {conditions: []corev1.NodeCondition{pressure, ready}, taints: taint, want: "condition DiskPressure True (kubelet has disk pressure), taint node.kubernetes.io/disk-pressure"},
		"a full disk, without taint": {conditions: []corev1.NodeCondition{pressure, ready}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n := &corev1.Node{Spec: corev1.NodeSpec{Taints: tt.taints}, Status: corev1.NodeStatus{Conditions: tt.conditions}}
			if got := unschedulable(n); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
