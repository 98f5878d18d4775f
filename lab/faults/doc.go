// Package faults puts real faults into the mesh of a lab, and takes them out
// again: a link that is cut, a secret that is gone, a root that differs.
//
// Owns: the table of faults; what must be kept to mend each.
// May import: lab and lab/pki, client-go.
package faults
