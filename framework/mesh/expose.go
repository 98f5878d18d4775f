package mesh

import (
	"context"
	"errors"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/eastwest-mesh/eastwest/fixtures"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// exposeServices applies the expose-services.yaml that lies beside the user's
// tools, once it was seen to be the guide's.
type exposeServices struct{}

// Show implements plan.Action.
func (exposeServices) Show() plan.Shown {
	return plan.Shown{
		Kind: plan.KindApply, Title: "apply gateway " + names.Expose,
		Shell: kubectlHere("--namespace="+names.System, `apply -f "`+plan.Use(exposeVariable)+`"`),
	}
}

// Do implements plan.Action.
func (exposeServices) Do(ctx context.Context, site *plan.Site) error {
	path, err := site.Expand(plan.Use(exposeVariable))
	if err != nil {
		return err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read expose-services.yaml: %w", err)
	}
	objects, err := exposedBy(content)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return site.Client.ApplyAll(ctx, objects, site.OwnOrReuse())
}

// exposedBy reads the file and wants the one Gateway that it is known to have:
// whatever else it had would be applied with the rights of whoever runs us.
func exposedBy(content []byte) ([]*unstructured.Unstructured, error) {
	objects, err := kube.Decode(content)
	if err != nil {
		return nil, err
	}
	known, err := knownExpose()
	if err != nil {
		return nil, err
	}
	if len(objects) != 1 || !isExposeGateway(objects[0]) {
		return nil, fmt.Errorf("want the one Gateway %s, got %s; use the file of asmcli's folder or of Istio's samples", names.Expose, listed(objects))
	}
	if !equality.Semantic.DeepEqual(objects[0].Object["spec"], known.Object["spec"]) {
		return nil, errors.New("Gateway " + names.Expose + " is not the guide's: want it to select " + names.GatewaySelector +
			fmt.Sprintf(" and to pass TLS for *.local through on port %d, and nothing else", names.CrossPort))
	}
	objects[0].SetNamespace(names.System)
	return objects, nil
}

// isExposeGateway does not look at the version of the API, which changed.
func isExposeGateway(obj *unstructured.Unstructured) bool {
	group, err := schema.ParseGroupVersion(obj.GetAPIVersion())
	return err == nil && group.Group == names.Networking && obj.GetKind() == "Gateway" && obj.GetName() == names.Expose &&
		(obj.GetNamespace() == "" || obj.GetNamespace() == names.System)
}

// knownExpose is the Gateway that we apply where there is no such file.
func knownExpose() (*unstructured.Unstructured, error) {
	manifest, err := fixtures.Manifest("cross-network-gateway.yaml")
	if err != nil {
		return nil, err
	}
	objects, err := kube.Decode(manifest)
	if err != nil {
		return nil, err
	}
	return objects[0], nil
}
