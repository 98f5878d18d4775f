package allow

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/anypb"
)

// maxProblems bounds one NACK's length; the rest is counted.
const maxProblems = 8

// FieldError names one populated field that is not implemented.
type FieldError struct {
	Path   string // such as filter_chains[0].filters[1](envoy.filters.network.x).typed_config
	Detail string
}

func (e *FieldError) Error() string { return e.Path + ": " + e.Detail }

type walker struct {
	table    *Table
	problems []error
	more     int
}

// Check walks m. The error joins a *FieldError for each refused field.
func (t *Table) Check(m proto.Message) error {
	w := &walker{table: t}
	w.message(m.ProtoReflect(), "")
	if w.more > 0 {
		w.problems = append(w.problems, fmt.Errorf("and %d more", w.more))
	}
	return errors.Join(w.problems...)
}

func (w *walker) refuse(path, format string, args ...any) {
	if len(w.problems) >= maxProblems {
		w.more++
		return
	}
	w.problems = append(w.problems, &FieldError{Path: path, Detail: fmt.Sprintf(format, args...)})
}

func (w *walker) message(m protoreflect.Message, path string) {
	name := string(m.Descriptor().FullName())
	switch {
	case name == "google.protobuf.Any":
		w.any(m.Interface().(*anypb.Any), path)
		return
	case name == "udpa.type.v1.TypedStruct" || name == "xds.type.v3.TypedStruct":
		w.typedStruct(m, path)
		return
	case strings.HasPrefix(name, "google.protobuf."):
		return
	}
	entry := w.table.messages[name]
	if entry == nil {
		w.refuse(path, "%s is not supported", name)
		return
	}
	if len(m.GetUnknown()) > 0 {
		w.refuse(path, "%s has fields newer than this program knows", name)
	}
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		w.field(entry, fd, v, join(path, string(fd.Name())))
		return true
	})
}

func (w *walker) field(entry *Message, fd protoreflect.FieldDescriptor, v protoreflect.Value, path string) {
	name := string(fd.Name())
	if _, ok := entry.ignored[name]; ok {
		return
	}
	if !entry.handled[name] {
		w.refuse(path, "field is not supported")
		return
	}
	if fd.Kind() != protoreflect.MessageKind && !fd.IsMap() {
		return
	}
	switch {
	case fd.IsMap():
		if fd.MapValue().Kind() != protoreflect.MessageKind {
			return
		}
		v.Map().Range(func(k protoreflect.MapKey, e protoreflect.Value) bool {
			w.message(e.Message(), fmt.Sprintf("%s[%q]", path, k.String()))
			return true
		})
	case fd.IsList():
		for i := range v.List().Len() {
			e := v.List().Get(i).Message()
			w.message(e, fmt.Sprintf("%s[%d]%s", path, i, label(e)))
		}
	default:
		w.message(v.Message(), path)
	}
}

func (w *walker) any(a *anypb.Any, path string) {
	mt, err := protoregistry.GlobalTypes.FindMessageByURL(a.GetTypeUrl())
	if err != nil {
		w.refuse(path, "type %q is not supported", a.GetTypeUrl())
		return
	}
	inner := mt.New()
	if err := proto.Unmarshal(a.GetValue(), inner.Interface()); err != nil {
		w.refuse(path, "type %q: %v", a.GetTypeUrl(), err)
		return
	}
	w.message(inner, path)
}

func (w *walker) typedStruct(m protoreflect.Message, path string) {
	url := m.Get(m.Descriptor().Fields().ByName("type_url")).String()
	if _, ok := w.table.typedStructs[url]; !ok {
		w.refuse(path, "type %q is not supported", url)
	}
}

// label shows an element's own name, which says more than its index.
func label(m protoreflect.Message) string {
	fd := m.Descriptor().Fields().ByName("name")
	if fd == nil || fd.Kind() != protoreflect.StringKind || fd.IsList() {
		return ""
	}
	if s := m.Get(fd).String(); s != "" {
		return "(" + s + ")"
	}
	return ""
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
