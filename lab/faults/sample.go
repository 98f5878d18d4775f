package faults

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// eachOfSample does something with every Deployment of the workloads; what HelloWorld's is
// called differs from cluster to cluster.
func eachOfSample(do func(ctx context.Context, t *target, d deployment) error) action {
	return func(ctx context.Context, t *target) error {
		list, err := t.kube.AppsV1().Deployments("sample").List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, d := range list.Items {
			if err := do(ctx, t, deployment(d.Namespace+"/"+d.Name)); err != nil {
				return err
			}
		}
		return nil
	}
}

// restartSample has new pods of all workloads made, when breaking and when mending.
func restartSample() step {
	do := eachOfSample(func(ctx context.Context, t *target, d deployment) error { return t.restart(ctx, d) })
	return step{do: do, undo: do}
}

// settledSample waits until the pods of all workloads are those of their templates.
func settledSample() step {
	return step{do: eachOfSample(func(ctx context.Context, t *target, d deployment) error {
		namespace, name := d.parts()
		return t.awaitRollout(ctx, namespace, name)
	})}
}
