package fleetfile

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// The files of the samples and the Deployments in them.
const (
	helloWorldSample = "helloworld/helloworld.yaml"
	sleepSample      = "sleep/sleep.yaml"
)

// findImages fills in the images that are not named: those of the samples, or
// else Istio's.
func (f *File) findImages(base string, machine Machine, problems *collector) {
	if f.SamplesDir != "" && !placeholder(f.SamplesDir) {
		f.readSamples(base, machine, problems)
	}
	upstream := fleet.UpstreamImages(len(f.Clusters))
	f.Images.HelloWorld = cmp.Or(f.Images.HelloWorld, upstream.HelloWorld)
	f.Images.Sleep = cmp.Or(f.Images.Sleep, upstream.Sleep)
}

func (f *File) readSamples(base string, machine Machine, problems *collector) {
	dir, err := machine.expand(f.SamplesDir, base)
	if err == nil {
		err = folder(dir)
	}
	if err != nil {
		problems.at(&f.SamplesDir, "%v; want Istio's folder samples", err)
		return
	}
	f.SamplesDir = dir
	if f.Images.HelloWorld == "" {
		images := f.imagesOf(helloWorldSample, problems)
		f.Images.HelloWorld = pattern(images["helloworld-v1"], images["helloworld-v2"], len(f.Clusters))
	}
	if f.Images.Sleep == "" {
		f.Images.Sleep = f.imagesOf(sleepSample, problems)["sleep"]
	}
}

// pattern is the HelloWorld image with {version} where two images differ in
// just that, and there is one for every cluster.
func pattern(v1, v2 string, clusters int) string {
	open := strings.Replace(v1, "helloworld-v1", "helloworld-{version}", 1)
	if clusters <= fleet.PublishedVersions && v1 != v2 && (fleet.Images{HelloWorld: open}).ForVersion("v2") == v2 {
		return open
	}
	return v1
}

// imagesOf reads the image of every Deployment's first container.
func (f *File) imagesOf(sample string, problems *collector) map[string]string {
	path := filepath.Join(f.SamplesDir, sample)
	content, err := os.ReadFile(path)
	if err != nil {
		problems.at(&f.SamplesDir, "want Istio's folder samples: %v; or name the images under images", err)
		return nil
	}
	objects, err := kube.Decode(content)
	if err != nil {
		problems.at(&f.SamplesDir, "%s: %v", path, err)
		return nil
	}
	images := map[string]string{}
	for _, object := range objects {
		if object.GetKind() == "Deployment" {
			images[object.GetName()] = firstImage(object)
		}
	}
	return images
}

func firstImage(deployment *unstructured.Unstructured) string {
	containers, _, _ := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	if len(containers) == 0 {
		return ""
	}
	first, _ := containers[0].(map[string]any)
	image, _, _ := unstructured.NestedString(first, "image")
	return image
}

// AsImages are the images as framework/fleet wants them.
func (i Images) AsImages() fleet.Images {
	return fleet.Images{HelloWorld: i.HelloWorld, Sleep: i.Sleep, Echo: i.Echo}
}
