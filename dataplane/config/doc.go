// Package config turns xDS messages into immutable compiled snapshots. Whatever
// it does not implement it refuses, naming the field, unless table.go lists the
// field as safe to leave out. Pure. Owns: the allow-list and the compiled
// types. May import: match, rbac, allow, knowntypes and the xDS types.
package config
