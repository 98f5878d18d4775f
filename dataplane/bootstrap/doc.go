// Package bootstrap reads what pilot-agent gives its proxy: the command line
// and the bootstrap file. Owns: their syntax. May import: config, knowntypes
// and the xDS types.
package bootstrap
