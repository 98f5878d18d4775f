package plan

import (
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/redact"
)

// kubeconfigHere stands in a shown command for the kubeconfig of the cluster
// that the action works on; printing puts that cluster's variable in its place.
const kubeconfigHere = "${KUBECONFIG_HERE}"

// onCluster fills in the cluster of a shown command.
func onCluster(shell, cluster string) string {
	return strings.ReplaceAll(shell, kubeconfigHere, Use(KubeconfigVariable(cluster)))
}

// Here refers, in the Shell of an action, to the kubeconfig of the cluster
// that the action works on.
func Here() string { return kubeconfigHere }

func (a Exec) shell() string {
	line := a.line()
	if len(a.Stdin) == 0 {
		return line
	}
	return heredoc(line, a.Stdin)
}

// shellInto is the command with its output piped into another.
func (a Exec) shellInto(into string) string {
	if len(a.Stdin) == 0 {
		return a.line() + " |\n  " + into
	}
	return heredoc(a.line(), a.Stdin, into)
}

func (a Exec) line() string {
	words := make([]string, 0, len(a.Env)+len(a.Argv))
	if len(a.Without) > 0 {
		words = append(words, "env")
		for _, name := range a.Without {
			words = append(words, "-u", name)
		}
	}
	for _, variable := range a.Env {
		value := quote(variable.Value)
		if variable.Secret {
			value = "'" + redact.Mark + "'"
		}
		words = append(words, variable.Name+"="+value)
	}
	for _, argument := range a.Argv {
		words = append(words, quote(argument))
	}
	return strings.Join(words, " ")
}

// heredoc gives text to a command's standard input, and the command's output
// to another when into names one.
func heredoc(command string, text []byte, into ...string) string {
	end := "EOF"
	for strings.Contains(string(text), "\n"+end+"\n") {
		end += "_"
	}
	var out strings.Builder
	out.WriteString(command + " <<'" + end + "'")
	for _, next := range into {
		out.WriteString(" | " + next) // on this line: the text begins on the next one
	}
	out.WriteString("\n" + strings.TrimRight(string(text), "\n") + "\n" + end)
	return out.String()
}

// shell gives a variable its value where the environment has none for it.
func (v Variable) shell() string {
	if v.Placeholder {
		// bash reads an apostrophe in a message as the beginning of a quotation.
		message := strings.ReplaceAll("set it to "+v.Value+": "+v.Comment, "'", "’")
		return `: "${` + v.Name + `:?` + escapeDefault(message) + `}"`
	}
	// Between double quotes an apostrophe in a default would begin a quotation too.
	return v.Name + "=${" + v.Name + ":-" + kube.Quote(v.Value) + "}"
}

// escapeDefault escapes what a shell would read in the message of a variable
// without a value, which stands between double quotes.
func escapeDefault(value string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", "$", `\$`, "}", `\}`).Replace(value)
}

// quote makes a word of a POSIX shell that means the argument, with the
// plan's variables, and nothing else, still expanded.
func quote(argument string) string {
	switch {
	case kube.PlainWord(argument):
		return argument
	case reference().MatchString(argument):
		return `"` + escapeBetween(argument) + `"`
	}
	return kube.Quote(argument)
}

// escapeBetween escapes what a shell would read inside double quotes, except
// the variables of the plan.
func escapeBetween(argument string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", "$", `\$`).Replace
	var out strings.Builder
	rest := 0
	for _, at := range reference().FindAllStringIndex(argument, -1) {
		out.WriteString(escape(argument[rest:at[0]]) + argument[at[0]:at[1]])
		rest = at[1]
	}
	out.WriteString(escape(argument[rest:]))
	return out.String()
}

func quoteAll(argv []string) string {
	words := make([]string, len(argv))
	for i, argument := range argv {
		words[i] = quote(argument)
	}
	return strings.Join(words, " ")
}

// lower is the form in which kubectl takes a kind.
func lower(kind string) string { return strings.ToLower(kind) }
