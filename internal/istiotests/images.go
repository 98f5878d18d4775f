package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/lab/images"
	"github.com/eastwest-mesh/eastwest/lab/parts"
)

const (
	// appUser is the user of Istio's test application (pkg/test/echo/docker/Dockerfile.app).
	appUser = 1338
	binDir  = "/usr/local/bin/"
)

// testImages are what Istio's tests deploy beside Istio: its own test programs under
// their names, and those of the Gateway API conformance tests under the references that
// their manifests have.
func testImages(istio, tools parts.Set, conformance []string) ([]images.Extra, error) {
	certs := filepath.Join(istio.IstioModule(), "tests/testdata/certs/dns")
	app := images.Extra{
		Programs: map[string]string{binDir + "server": istio.Path("echo-server"), binDir + "client": istio.Path("echo-client")},
		Files:    map[string]string{"/cert.crt": filepath.Join(certs, "cert-chain.pem"), "/cert.key": filepath.Join(certs, "key.pem")},
		Shell:    true, User: appUser, Entrypoint: []string{binDir + "server"},
	}
	// Root, as upstream's images of these have it: jwt-server reads a key that only root may.
	program := func(name, at string) images.Extra {
		return images.Extra{Programs: map[string]string{at: tools.Path(name)}, Shell: true, Entrypoint: []string{at}}
	}
	all := []images.Extra{
		named(app, parts.IstioHub+"/app:"+istio.IstioRelease()),
		named(program("extauthz", binDir+"extauthz"), parts.IstioHub+"/ext-authz:"+istio.IstioRelease()),
		// samples/jwt-server/jwt-server.yaml names the tag and the program.
		named(program("jwt-server", "/bin/jwt-server"), "testing/jwt-server:0.8"),
	}
	for _, ref := range conformance {
		switch name := path.Base(strings.SplitN(ref, ":", 2)[0]); name {
		case "echo-basic":
			all = append(all, named(program("echo-basic", binDir+"echo-basic"), ref))
		case "echo-advanced": // the test application, with its arguments
			all = append(all, named(app, ref))
		case "coredns":
			all = append(all, images.Extra{Reference: ref, Programs: map[string]string{"/coredns": istio.Path("coredns")}, Entrypoint: []string{"/coredns"}})
		default:
			return nil, fmt.Errorf("the Gateway API conformance tests want the image %s, which nothing here can be built for", ref)
		}
	}
	return all, nil
}

func named(image images.Extra, ref string) images.Extra {
	image.Reference = ref
	return image
}

// conformanceImage is an image of a manifest; the host is left out, since the lab's
// registry answers for any.
var conformanceImage = regexp.MustCompile(`(?m)^\s*(?:- )?image:\s*"?registry\.k8s\.io/([^\s"]+)`)

// conformanceImages lists the images in the manifests of the Gateway API conformance
// tests, which change with every version.
func conformanceImages(module string) ([]string, error) {
	var refs []string
	err := fs.WalkDir(os.DirFS(module), ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".yaml" {
			return err
		}
		data, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return err
		}
		for _, m := range conformanceImage.FindAllSubmatch(data, -1) {
			refs = append(refs, string(m[1]))
		}
		return nil
	})
	slices.Sort(refs)
	return slices.Compact(refs), err
}
