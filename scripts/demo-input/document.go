package main

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed rulebook.yaml
var rulebookYAML []byte

//go:embed staff.yaml
var staffYAML []byte

//go:embed readme.md
var readmeText string

// readme has the table of mistakes put in.
func readme() []byte {
	var table strings.Builder
	table.WriteString("| row | column | mistake |\n|---|---|---|\n")
	for i, m := range mistakes() {
		column := m.column
		if column == "" {
			column = "the whole row"
		}
		fmt.Fprintf(&table, "| %d | %s | %s |\n", badRow(i), column, m.what)
	}
	return []byte(strings.Replace(readmeText, "{{mistakes}}\n", table.String(), 1))
}
