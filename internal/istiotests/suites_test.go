package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/lab/parts"
)

func TestSuitesFor(t *testing.T) {
	tests := []struct {
		name, topology string
		all            bool
		only           []string
		want           string // names, or a part of the error
		wrong          bool
	}{
		{name: "quick", topology: multiPrimary, want: "pilot, pilot/mcs/discoverability, pilot/mcs/autoexport"},
		{name: "quick elsewhere", topology: flat, want: "pilot, pilot/mcs/discoverability, pilot/mcs/autoexport"},
		{name: "as in Istio's CI", topology: istioCI, want: "pilot, pilot/mcs/discoverability"},
		{name: "one of them", topology: multiPrimary, only: []string{"pilot/mcs/autoexport"}, want: "pilot/mcs/autoexport"},
		{name: "remote", topology: primaryRemote, want: "pilot"},
		{name: "not in the list", topology: multiPrimary, only: []string{"security"}, want: `no suite "security"`, wrong: true},
		{name: "no nightly list", topology: flat, all: true, want: "has one list", wrong: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := suitesFor(tt.topology, tt.all, tt.only)
			if tt.wrong {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("want an error that says %q, got %v", tt.want, err)
				}
				return
			}
			if got := suiteNames(list); err != nil || got != tt.want {
				t.Errorf("got %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

// A list that names no suite of its topology, or a suite twice, would be of no use.
func TestListsAndExpectationsFit(t *testing.T) {
	files, err := fs.Glob(expectedFiles, "expected/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %v, %v", files, err)
	}
	for _, file := range files {
		topology := strings.TrimSuffix(filepath.Base(file), ".txt")
		if _, err := shape(topology); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		expected, err := expectationsFor(topology)
		if err != nil {
			t.Error(err)
		}
		known := map[string]bool{}
		for _, all := range []bool{false, topology == multiPrimary} {
			list, err := suitesFor(topology, all, nil)
			if err != nil {
				t.Fatal(err)
			}
			names := map[string]bool{}
			for _, s := range list {
				if names[s.name] {
					t.Errorf("%s: suite %s is listed twice", topology, s.name)
				}
				names[s.name], known[s.name] = true, true
			}
		}
		for e := range expected {
			if !known[e.suite] {
				t.Errorf("%s: %s %s: no list has the suite", file, e.suite, e.name)
			}
		}
	}
}

func TestSuiteNames(t *testing.T) {
	s := suite{name: "security/file_mounted_certs+single"}
	if s.pkg() != "security/file_mounted_certs" || s.file() != "security-file_mounted_certs-single" {
		t.Errorf("got %s and %s", s.pkg(), s.file())
	}
}

func TestMembers(t *testing.T) {
	clusters := []lab.Cluster{{Name: "cluster1", Network: "network1"}, {Name: "cluster2", Network: "network1", Primary: "cluster1"}}
	file := func(cluster string) string { return "/labs/" + cluster + ".yaml" }
	meta := func(cluster string) map[string]any {
		return map[string]any{"kubeconfig": file(cluster), "fakeVM": false}
	}
	want := []member{
		{Kind: "Kubernetes", Name: "cluster1", Network: "network1", Meta: meta("cluster1")},
		{Kind: "Kubernetes", Name: "cluster2", Network: "network1", Primary: "cluster1", Meta: meta("cluster2")},
	}
	if diff := cmp.Diff(want, members(clusters, 2, file)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[:1], members(clusters, 1, file)); diff != "" {
		t.Errorf("the first one (-want +got):\n%s", diff)
	}
}

// Every topology must be a lab that can be made.
func TestShapes(t *testing.T) {
	for _, name := range topologyNames() {
		o, err := shape(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := shape("ring"); err == nil || !strings.Contains(err.Error(), "primary-remote") {
		t.Errorf("want an error that lists the topologies, got %v", err)
	}
}

func TestExitCode(t *testing.T) {
	for err, want := range map[error]int{nil: 0, errFailed: 1, errors.New("no root"): 3} {
		if got := exitCode(err); got != want {
			t.Errorf("%v: got %d, want %d", err, got, want)
		}
	}
	if got := exitCode(fmt.Errorf("%w: 2 differences", errFailed)); got != codeFailed {
		t.Errorf("wrapped: got %d", got)
	}
}

func TestALPNFilter(t *testing.T) {
	filter, err := alpnFilter()
	if err != nil {
		t.Fatal(err)
	}
	patches, _, err := unstructured.NestedSlice(filter.Object, "spec", "configPatches")
	if err != nil {
		t.Fatal(err)
	}
	var ports []int
	for _, p := range patches {
		port, _, err := unstructured.NestedFloat64(p.(map[string]any), "match", "listener", "portNumber")
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, int(port))
	}
	if diff := cmp.Diff(detectedPorts(), ports); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestConformanceImages(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"base/manifests.yaml": "  - image: registry.k8s.io/gateway-api/echo-basic:v1\n    image: \"registry.k8s.io/gateway-api/echo-basic:v2\"\n",
		"mesh/manifests.yaml": "    image: registry.k8s.io/gateway-api/echo-basic:v1\n",
		"mesh/README.md":      "image: registry.k8s.io/gateway-api/other:v1\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := conformanceImages(dir)
	if diff := cmp.Diff([]string{"gateway-api/echo-basic:v1", "gateway-api/echo-basic:v2"}, got); err != nil || diff != "" {
		t.Errorf("error %v, -want +got:\n%s", err, diff)
	}
}

func TestImagesThatCannotBeBuilt(t *testing.T) {
	if _, err := testImages(parts.Set{}, parts.Set{}, []string{"gateway-api/echo-basic:v1", "gateway-api/new:v1"}); err == nil || !strings.Contains(err.Error(), "gateway-api/new:v1") {
		t.Errorf("want an error that names the image, got %v", err)
	}
}

// The tests run scripts of the copy, and Go's module cache has no execute bits.
func TestCopyModule(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	if err := os.Mkdir(filepath.Join(from, "samples"), 0o555); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(from, "VERSION"), []byte("1.31\n"), 0o444); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(from, "gen.sh"), []byte("#!/bin/sh\n"), 0o444); err != nil {
		t.Fatal(err)
	}
	if err := copyModule(from, to); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"VERSION": 0o644, "gen.sh": 0o755, "samples": 0o755} {
		info, err := os.Stat(filepath.Join(to, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got %v, %v; want mode %v", name, info, err, want)
		}
	}
}
