// Package secret holds certificates and roots as SDS delivers them. Owns: the
// decoded material and who waits for it. May import: the xDS types.
package secret
