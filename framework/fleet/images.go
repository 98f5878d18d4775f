package fleet

// PublishedVersions is how many versions of HelloWorld Istio publishes an image of.
const PublishedVersions = 2

// UpstreamImages are those of Istio's own samples (istio samples/helloworld,
// samples/sleep), for a number of clusters. There are images of v1 and v2 only;
// both read their version from the environment, so that one does for a third.
func UpstreamImages(clusters int) Images {
	images := Images{HelloWorld: "docker.io/istio/examples-helloworld-{version}:1.0", Sleep: "docker.io/curlimages/curl:8.16.0"}
	if clusters > PublishedVersions {
		images.HelloWorld = images.ForVersion(Version(0))
	}
	return images
}
