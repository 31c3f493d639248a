package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// Markdown is the text of docs/config.md: every command with its arguments and
// flags, from the same declaration as the command line itself.
func Markdown() (string, error) {
	parser, err := kong.New(new(CLI), Options()...)
	if err != nil {
		return "", fmt.Errorf("cli: %w", err)
	}
	var b strings.Builder
	b.WriteString("# Settings\n\nGenerated from the command line's declaration by `make docs`; a test keeps it true.\n\n" +
		"A flag wins over its environment variable, and that over the default. Lists are separated by commas,\n" +
		"lives and times are written `90s`, `15m`, `12h`.\n")
	for _, command := range parser.Model.Leaves(true) {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n```\n%s %s\n```\n", command.FullPath(), command.Help, parser.Model.Name, command.Summary())
		table(&b, command)
	}
	return b.String(), nil
}

// table lists a command's arguments, then its flags as they were declared.
func table(b *strings.Builder, command *kong.Node) {
	var rows []string
	for _, arg := range command.Positional {
		rows = append(rows, row("`"+arg.Summary()+"`", arg))
	}
	for _, flag := range command.Flags {
		if flag.Hidden {
			continue
		}
		name := "`--" + flag.Name + "`"
		if flag.Short != 0 {
			name += ", `-" + string(flag.Short) + "`"
		}
		rows = append(rows, row(name, flag.Value))
	}
	if len(rows) == 0 {
		return
	}
	b.WriteString("\n| | environment | default | |\n|---|---|---|---|\n" + strings.Join(rows, ""))
}

func row(name string, v *kong.Value) string {
	var env, standard string
	if len(v.Tag.Envs) > 0 {
		env = "`" + strings.Join(v.Tag.Envs, "`, `") + "`"
	}
	switch {
	case v.HasDefault && v.Default != "":
		standard = "`" + v.Default + "`"
	case v.Required:
		standard = "required"
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", name, env, standard, strings.ReplaceAll(v.Help, "|", `\|`))
}
