package config

import (
	"fmt"
	"net/http"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
)

// Mutation changes headers of requests and answers.
type Mutation struct {
	requestAdd, responseAdd       []headerAdd
	requestRemove, responseRemove []string
}

type headerAdd struct {
	name, value string
	action      corev3.HeaderValueOption_HeaderAppendAction
}

// Request changes a request. A :authority addition replaces host.
func (m Mutation) Request(h http.Header, host *string) {
	for _, a := range m.requestAdd {
		if a.name == ":authority" || strings.EqualFold(a.name, "host") {
			*host = a.value
		}
	}
	apply(h, m.requestAdd, m.requestRemove)
}

// Response changes an answer.
func (m Mutation) Response(h http.Header) { apply(h, m.responseAdd, m.responseRemove) }

func apply(h http.Header, add []headerAdd, remove []string) {
	for _, n := range remove {
		h.Del(n)
	}
	for _, a := range add {
		if strings.HasPrefix(a.name, ":") || strings.EqualFold(a.name, "host") {
			continue
		}
		present := len(h.Values(a.name)) > 0
		switch {
		case a.action == corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD:
			h.Add(a.name, a.value)
		case a.action == corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
			a.action == corev3.HeaderValueOption_ADD_IF_ABSENT && !present,
			a.action == corev3.HeaderValueOption_OVERWRITE_IF_EXISTS && present:
			h.Set(a.name, a.value)
		}
	}
}

type mutator interface {
	GetRequestHeadersToAdd() []*corev3.HeaderValueOption
	GetRequestHeadersToRemove() []string
	GetResponseHeadersToAdd() []*corev3.HeaderValueOption
	GetResponseHeadersToRemove() []string
}

func mutation(in mutator) (m Mutation, err error) {
	if m.requestAdd, err = additions(in.GetRequestHeadersToAdd()); err != nil {
		return m, fmt.Errorf("request_headers_to_add%w", err)
	}
	if m.responseAdd, err = additions(in.GetResponseHeadersToAdd()); err != nil {
		return m, fmt.Errorf("response_headers_to_add%w", err)
	}
	m.requestRemove, m.responseRemove = in.GetRequestHeadersToRemove(), in.GetResponseHeadersToRemove()
	return m, nil
}

func additions(in []*corev3.HeaderValueOption) ([]headerAdd, error) {
	var out []headerAdd
	for i, o := range in {
		value, err := literal(o.GetHeader().GetValue())
		if err != nil {
			return nil, fmt.Errorf("[%d](%s): %w", i, o.GetHeader().GetKey(), err)
		}
		if name := o.GetHeader().GetKey(); strings.HasPrefix(name, ":") && name != ":authority" {
			return nil, fmt.Errorf("[%d](%s): pseudo-header is not supported", i, name)
		}
		action := o.GetAppendAction()
		if o.GetAppend() != nil && !o.GetAppend().GetValue() { //nolint:staticcheck // older istiods send it
			action = corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD
		}
		out = append(out, headerAdd{name: o.GetHeader().GetKey(), value: value, action: action})
	}
	return out, nil
}

// literal refuses command operators such as %REQ(x)%; %% stands for one sign.
func literal(v string) (string, error) {
	rest := strings.ReplaceAll(v, "%%", "")
	if strings.Contains(rest, "%") {
		return "", fmt.Errorf("value %q: command operators are not supported", v)
	}
	return strings.ReplaceAll(v, "%%", "%"), nil
}
