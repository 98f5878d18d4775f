// Package allow walks protobuf messages and refuses every populated field that
// is not on an allow-list, so that nothing is ignored silently. Pure. Owns: the
// walk and its messages; the lists belong to package config. May import: protobuf.
package allow
