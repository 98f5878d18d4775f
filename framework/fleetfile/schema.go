package fleetfile

// field is one field of the schema: exactly one of text, flag, fields, each and typed is
// set, or text and fields where a string is short for an object.
type field struct {
	name string
	// text is where a string goes, flag where true or false.
	text *string
	flag *bool
	// typed is a pointer to a value in Kubernetes' own form.
	typed any
	// fields are those of an object.
	fields []field
	// each starts a new item of a list and returns its fields.
	each func() []field
}

// header is what a file says it is.
type header struct{ apiVersion, kind string }

// schema is the one description of the file's fields, which says where each
// value goes. What it does not name is refused.
func schema(h *header, f *File) []field {
	return []field{
		{name: "apiVersion", text: &h.apiVersion},
		{name: "kind", text: &h.kind},
		{name: "name", text: &f.Name},
		{name: "platform", text: &f.Platform},
		{name: "ca", text: &f.CA},
		{name: "revision", text: &f.Revision},
		{name: "revisions", text: &f.Revisions},
		{name: "fleetProject", text: &f.FleetProject},
		{name: "meshID", text: &f.MeshID},
		{name: "namespace", text: &f.Namespace, fields: []field{
			{name: "name", text: &f.Namespace},
			{name: "existing", flag: &f.Existing},
		}},
		{name: "tools", fields: []field{
			{name: "outputDir", text: &f.Tools.OutputDir},
			{name: "istioctl", text: &f.Tools.Istioctl},
			{name: "genGateway", text: &f.Tools.GenGateway},
			{name: "asmcli", text: &f.Tools.Asmcli},
			{name: "kubectl", text: &f.Tools.Kubectl},
		}},
		{name: "samplesDir", text: &f.SamplesDir},
		{name: "images", fields: []field{
			{name: "helloWorld", text: &f.Images.HelloWorld},
			{name: "sleep", text: &f.Images.Sleep},
			{name: "echo", text: &f.Images.Echo},
		}},
		{name: "workload", typed: &f.Workload},
		{name: "accept", each: func() []field {
			a := &Acceptance{}
			f.Accept = append(f.Accept, a)
			return []field{
				{name: "check", text: &a.Check},
				{name: "scenario", text: &a.Scenario},
				{name: "cluster", text: &a.Cluster},
				{name: "object", text: &a.Object},
				{name: "reason", text: &a.Reason},
				{name: "owner", text: &a.Owner},
				{name: "until", text: &a.Until},
			}
		}},
		{name: "clusters", each: func() []field {
			c := &Cluster{}
			f.Clusters = append(f.Clusters, c)
			return c.schema()
		}},
	}
}

func (c *Cluster) schema() []field {
	return []field{
		{name: "name", text: &c.Name},
		{name: "kubeconfig", text: &c.Kubeconfig},
		{name: "context", text: &c.Context},
		{name: "platform", text: &c.Platform},
		{name: "network", text: &c.Network},
		{name: "server", text: &c.Server},
		{name: "revision", text: &c.Revision},
	}
}

// texts calls visit for the value of every field of a file, in order.
func texts(f *File, visit func(value *string)) {
	var walk func(fields []field)
	walk = func(fields []field) {
		for _, one := range fields {
			if one.text != nil {
				visit(one.text)
			} else {
				walk(one.fields)
			}
		}
	}
	walk(schema(&header{}, f))
	for _, c := range f.Clusters {
		walk(c.schema())
	}
}
