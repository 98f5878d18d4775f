package istio

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// requestError is why a request failed, with the right that it needs.
type requestError struct {
	right string
	cause error
	// stream is true for a command in a container, whose connection may be lost.
	stream bool
}

func (e *requestError) Error() string { return e.cause.Error() }

func (e *requestError) Unwrap() error { return e.cause }

// readError is a failure to read that is none of a request.
type readError struct {
	reason         Reason
	right, message string
}

func (e *readError) Error() string { return e.message }

// malformed is an answer that is not what was expected. The message must hold nothing
// secret of it.
func malformed(message string) error { return &readError{reason: Malformed, message: message} }

// notAsked says why nobody tried.
func notAsked(message string) error { return &readError{reason: NotAsked, message: message} }

// sectionOf is a section of what was read, or of why it could not be.
func sectionOf[T any](what string, value T, err error) Section[T] {
	if err != nil {
		return NotRead[T](unknown(what, err))
	}
	return Read(value)
}

// unknown says why something is not known. The texts of errors may be kept since no request
// of ours has a secret's content in its error.
func unknown(what string, err error) Unknown {
	if err == nil {
		return Unknown{What: what, Reason: NotAsked}
	}
	u := Unknown{What: what, Reason: reasonOf(err), Message: shorten(err.Error())}
	var own *readError
	if errors.As(err, &own) {
		u.Right = own.right
	}
	var failed *requestError
	if u.Reason == Forbidden && errors.As(err, &failed) && !apierrors.IsUnauthorized(err) {
		u.Right = failed.right
	}
	return u
}

func reasonOf(err error) Reason {
	var own *readError
	var unanswered *kube.UnansweredError
	switch {
	case errors.As(err, &own):
		return own.reason
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		return Forbidden
	case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
		return NotServed
	case errors.As(err, &unanswered), lost(err), overloaded(err):
		return Unanswered
	default:
		return Malformed
	}
}

// lost is true where no answer came, or not all of it.
func lost(err error) bool {
	var network net.Error
	var request *url.Error
	var failed *requestError
	var status apierrors.APIStatus
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, &network) || errors.As(err, &request) ||
		errors.As(err, &failed) && failed.stream && !errors.As(err, &status)
}

// overloaded is true where the API server answers that it cannot.
func overloaded(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && (status.Status().Code == http.StatusTooManyRequests || status.Status().Code >= http.StatusInternalServerError)
}

// How much of a long message is kept: it begins with what was tried and ends with what went
// wrong.
const messageHead, messageTail = 150, 250

// shorten leaves out the middle of a long message.
func shorten(message string) string {
	letters := []rune(message)
	if len(letters) <= messageHead+messageTail {
		return message
	}
	return string(letters[:messageHead]) + " ... " + string(letters[len(letters)-messageTail:])
}
