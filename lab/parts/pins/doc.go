// Package pins holds what pins the lab's programs: for each family a module that has only tool
// lines, as FAMILY.mod and FAMILY.sum. They travel inside the binary, and the programs are
// built from copies in the cache: no source tree is needed.
//
// Owns: these files, and writing them out as modules. May import: lab/parts/keep.
package pins
