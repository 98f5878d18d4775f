// Package images makes the container images of a lab from its parts, serves
// them as a registry, and keeps a containerd root with all of them unpacked.
//
// Owns: the images' contents, the local registry, the golden containerd root.
// May import: lab/parts, go-containerregistry; the data plane only as a binary.
package images
