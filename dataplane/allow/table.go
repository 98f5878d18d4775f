package allow

import "strings"

// Table says what is done with each field of each message type.
type Table struct {
	messages     map[string]*Message
	typedStructs map[string]string
}

// Message is the entry of one message type.
type Message struct {
	handled map[string]bool
	ignored map[string]string // field -> reason
}

// NewTable returns an empty table, which refuses everything.
func NewTable() *Table {
	return &Table{messages: map[string]*Message{}, typedStructs: map[string]string{}}
}

// Message adds (or extends) a message type by its full protobuf name with the
// space-separated names of the fields that the program implements. A type that
// is listed without fields is accepted only when it is empty.
func (t *Table) Message(fullName, handled string) *Message {
	m := t.messages[fullName]
	if m == nil {
		m = &Message{handled: map[string]bool{}, ignored: map[string]string{}}
		t.messages[fullName] = m
	}
	for _, f := range strings.Fields(handled) {
		m.handled[f] = true
	}
	return m
}

// Ignore lists fields that may be left out, with the reason why that changes
// neither security nor routing. What is inside them is not looked at.
func (m *Message) Ignore(reason, fields string) *Message {
	for _, f := range strings.Fields(fields) {
		m.ignored[f] = reason
	}
	return m
}

// IgnoreTypedStruct accepts an udpa/xds TypedStruct that carries typeURL.
func (t *Table) IgnoreTypedStruct(reason, typeURL string) {
	t.typedStructs[typeURL] = reason
}

// Ignored lists "message.field: reason" of everything that may be left out.
func (t *Table) Ignored() map[string]string {
	out := map[string]string{}
	for name, m := range t.messages {
		for f, reason := range m.ignored {
			out[name+"."+f] = reason
		}
	}
	for url, reason := range t.typedStructs {
		out[url] = reason
	}
	return out
}
