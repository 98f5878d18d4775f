// Package nodeimage builds the image of kind's nodes without a registry: Debian
// packages, the base files of the kind module, and the programs of lab/parts,
// with the images of the control plane inside.
//
// Owns: what is in the node image, and its cache.
// May import: lab/parts, lab/images.
package nodeimage
