package main

import (
	"os"

	"github.com/spf13/pflag"

	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/lab/parts/envoy"
	"github.com/eastwest-mesh/eastwest/providers"
)

// environmentFlags say which cell is meant and where it is run.
type environmentFlags struct {
	fleetFlags
	on, clusters string
	lab, envoy   string
	// images, nodeImage and mirror are for kind, logs is where it leaves those of nodes.
	images, nodeImage, mirror, logs string
	// outline accepts a fleet that nobody has named yet: its plan can be read.
	outline bool
}

func (f *environmentFlags) register(set *pflag.FlagSet) {
	f.fleetFlags.register(set)
	set.StringVar(&f.on, "on", fromEnv("ON", ""), "where (ON): lab, kind or fleet (default: fleet where one is given, kind for platform kind, else lab)")
	set.StringVar(&f.clusters, "clusters", fromEnv("CLUSTERS", ""), "number of clusters (CLUSTERS; default: 2, or all of a fleet)")
	set.StringVar(&f.lab, "lab", fromEnv("LAB", lab.DefaultName), "name of the lab to use or to make (LAB)")
	registerEnvoy(set, &f.envoy)
	set.StringVar(&f.images, "images", fromEnv("IMAGES", string(providers.FromRegistry)), "where the images of kind clusters come from (IMAGES): registry (upstream's, with Istio's Envoy), or built (here, with upstream's Envoy and without a registry)")
	set.StringVar(&f.nodeImage, "node-image", os.Getenv("NODE_IMAGE"), "image of kind nodes (NODE_IMAGE; default: kind's own, or with --images built that of \"eastwest kind node-image\")")
	set.StringVar(&f.mirror, "registry-mirror", os.Getenv("REGISTRY_MIRROR"), "URL of a registry that kind nodes ask for images of docker.io first (REGISTRY_MIRROR), such as http://192.0.2.1:5000; with --images built it serves images that were built here")
}

// registerEnvoy adds the flag that replaces the proxies' program.
func registerEnvoy(set *pflag.FlagSet, path *string) {
	set.StringVar(path, "envoy", os.Getenv("EASTWEST_ENVOY"),
		"path of an Envoy to run in place of upstream's "+envoy.Version+", on a lab that is made and on kind with built images (EASTWEST_ENVOY)")
}
