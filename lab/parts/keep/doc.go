// Package keep is a folder of things that are made once and then never change:
// built programs, images, a golden containerd root.
//
// Owns: the lock of such a folder, making an entry whole or not at all,
// removing entries that nothing used for long.
// May import: the standard library and golang.org/x/sys.
package keep
