// Package faults puts real faults into the mesh of a lab, and takes them out
// again: a link that is cut, a secret that is gone, a root that differs.
//
// A fault is a row of a table: what somebody would see, the check that finds it, and
// steps. Most steps make, change or delete objects; what these were is kept before
// anything is touched, so that mending is the same for all.
//
// Owns: the table of faults, their manifests; what must be kept to mend each.
// May import: lab and lab/internal/pki, client-go.
package faults
