package istio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Reason is why something could not be read.
type Reason string

// The reasons.
const (
	// Forbidden: the user may not.
	Forbidden Reason = "forbidden"
	// Unanswered: no answer in time, or none at all.
	Unanswered Reason = "unanswered"
	// NotServed: this release of Istio or Kubernetes does not have it.
	NotServed Reason = "not served"
	// Malformed: the answer was not what was expected.
	Malformed Reason = "malformed"
	// NotAsked: nobody tried, because of the options or of another failure.
	NotAsked Reason = "not asked"
)

// Unknown says why something could not be read.
type Unknown struct {
	// What is the thing, for people: "remote secrets".
	What   string `json:"what"`
	Reason Reason `json:"reason"`
	// Right is the missing one, where Reason is Forbidden: "list secrets in istio-system".
	Right   string `json:"right,omitempty"`
	Message string `json:"message,omitempty"`
}

// String says what could not be read and why.
func (u Unknown) String() string {
	text := u.What + ": " + string(u.Reason)
	if u.Right != "" {
		text += " (the user may not " + u.Right + ")"
	}
	if u.Message != "" {
		text += ": " + u.Message
	}
	return text
}

// Error implements error.
func (u Unknown) Error() string { return u.String() }

// Section is one part of a Snapshot: either its value, which may be empty because there is
// none, or why it is not known. The zero value is not known.
type Section[T any] struct {
	value   *T
	unknown *Unknown
}

// Read is a section that was read.
func Read[T any](value T) Section[T] { return Section[T]{value: &value} }

// NotRead is a section that could not be read.
func NotRead[T any](why Unknown) Section[T] { return Section[T]{unknown: &why} }

// Get returns the value, or why there is none; exactly one of the two.
func (s Section[T]) Get() (T, *Unknown) {
	if s.value != nil {
		return *s.value, nil
	}
	var none T
	if s.unknown != nil {
		return none, s.unknown
	}
	return none, &Unknown{What: "a part of the snapshot", Reason: NotAsked, Message: "something that it depends on was not read"}
}

// IsZero is true for a section that nobody has filled in; it is left out of files.
func (s Section[T]) IsZero() bool { return s.value == nil && s.unknown == nil }

// Forget makes the section unknown. Tests replay snapshots with each section forgotten.
func (s *Section[T]) Forget(why Unknown) { s.value, s.unknown = nil, &why }

// section is a Section's form in a file.
type section[T any] struct {
	Value   *T       `json:"value,omitempty"`
	Unknown *Unknown `json:"unknown,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (s Section[T]) MarshalJSON() ([]byte, error) {
	if s.value != nil {
		// A value that is empty must not be left out: it says that there is none.
		value, err := json.Marshal(s.value)
		if err != nil {
			return nil, err
		}
		return fmt.Appendf(nil, `{"value":%s}`, value), nil
	}
	return json.Marshal(section[T]{Unknown: s.unknown})
}

// UnmarshalJSON implements json.Unmarshaler. What the format does not know is an error.
func (s *Section[T]) UnmarshalJSON(data []byte) error {
	var raw struct {
		Value   json.RawMessage `json:"value"`
		Unknown *Unknown        `json:"unknown"`
	}
	if err := strict(data, &raw); err != nil {
		return err
	}
	if (raw.Value == nil) == (raw.Unknown == nil) {
		return errors.New("a section: want either value or unknown")
	}
	s.value, s.unknown = nil, raw.Unknown
	if raw.Value == nil {
		return nil
	}
	value := new(T)
	if err := strict(raw.Value, value); err != nil {
		return err
	}
	s.value = value
	return nil
}

// strict decodes JSON and refuses fields that it does not know.
func strict(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
