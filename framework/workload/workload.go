package workload

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
)

// The names of what is deployed. They are the guide's, so that what its reader
// knows of the cluster holds.
const (
	DefaultNamespace = "sample"

	// HelloWorld names the Service and the container; its Deployments are
	// "helloworld-v1" and so on.
	HelloWorld     = "helloworld"
	HelloWorldPort = 5000
	// HelloWorldSelector selects the HelloWorld pods of all versions.
	HelloWorldSelector = "app=helloworld"

	// Sleep names the Deployment, its ServiceAccount and its container.
	Sleep         = "sleep"
	SleepSelector = "app=sleep"
)

// Deployment is the name of the HelloWorld Deployment of a version.
func Deployment(version string) string { return HelloWorld + "-" + version }

// VersionSelector selects the HelloWorld pods of one version.
func VersionSelector(version string) string { return HelloWorldSelector + ",version=" + version }

// Host is the name by which callers in any namespace reach HelloWorld.
func Host(namespace string) string { return HelloWorld + "." + namespace }

// URL is what is called to prove the mesh.
func URL(namespace string) string {
	return fmt.Sprintf("http://%s:%d/hello", Host(namespace), HelloWorldPort)
}

// Options say what is deployed where.
type Options struct {
	// Clusters in the fleet's order: the first runs v1, the second v2, ...
	Clusters []fleet.ClusterSpec
	// Namespace; empty means DefaultNamespace.
	Namespace string
	// Existing is true where the namespace was made beforehand, and stays.
	Existing bool
	Images   fleet.Images
	Workload fleet.Workload
	// GraceSeconds is the pods' terminationGracePeriodSeconds; zero means 5,
	// enough for a proxy to drain and no more.
	GraceSeconds int
}

func (o Options) namespace() string {
	if o.Namespace == "" {
		return DefaultNamespace
	}
	return o.Namespace
}

func (o Options) grace() int {
	if o.GraceSeconds == 0 {
		return defaultGraceSeconds
	}
	return o.GraceSeconds
}

const defaultGraceSeconds = 5

// values are what every template of a pod takes.
func (o Options) values(image string) map[string]any {
	values := o.Workload.Values()
	values["Namespace"], values["Image"], values["GraceSeconds"] = o.namespace(), image, o.grace()
	return values
}

func (o Options) helloWorldValues(version string) map[string]any {
	values := o.values(o.Images.ForVersion(version))
	values["Version"] = version
	return values
}

func (o Options) sleepValues() map[string]any {
	values := o.values(o.Images.Sleep)
	values["OwnAccount"] = o.Workload.ServiceAccount == ""
	return values
}
