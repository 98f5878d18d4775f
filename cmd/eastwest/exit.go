package main

import (
	"context"
	"errors"

	"github.com/eastwest-mesh/eastwest/lab/parts"
	"github.com/eastwest-mesh/eastwest/lab/parts/envoy"
)

// The exit codes, as `eastwest help exit-codes` tells them.
const (
	codeConformant    = 0
	codeNonConformant = 1
	codeUsage         = 2
	codeInconclusive  = 3
	codeInterrupted   = 130
)

// errInterrupted is the cause of a context that an interrupt cancelled.
var errInterrupted = errors.New("interrupted")

// exitError is an error that decides the process's exit code.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string { return e.err.Error() }
func (e exitError) Unwrap() error { return e.err }

// usageError marks wrong use: a bad flag, a refused cell, an ambiguous revision.
func usageError(err error) error { return exitError{code: codeUsage, err: err} }

// quietError carries an exit code for a result that was already printed.
type quietError struct{ code int }

func (quietError) Error() string { return "the result was printed above" }

// exitCode maps what a command returned to the documented codes. What is not
// marked otherwise is "could not tell": an unforeseen error is never a verdict.
func exitCode(ctx context.Context, err error) int {
	var (
		exit  exitError
		quiet quietError
		unmet *parts.Unmet
		envoy *envoy.RefusedError
	)
	switch {
	case err == nil:
		return codeConformant
	case errors.Is(context.Cause(ctx), errInterrupted):
		return codeInterrupted
	case errors.As(err, &quiet):
		return quiet.code
	case errors.As(err, &exit):
		return exit.code
	case errors.As(err, &envoy):
		return codeUsage
	case errors.As(err, &unmet):
		return codeInconclusive
	default:
		return codeInconclusive
	}
}
