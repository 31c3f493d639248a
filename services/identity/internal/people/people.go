// Package people reads lists of names and addresses as people keep them: lines
// such as "Name <mail>", CSV and XLSX with a heading, and vCards. It judges no
// address; what it cannot make sense of it says, with the line.
package people

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table"
)

// MaxBytes is how large a list may be.
const MaxBytes = 4 << 20

// Row is one who is on a list.
type Row struct {
	Line        int // of the file, from 1
	Name, Email string
}

// List is what a file says.
type List struct {
	Rows     []Row
	Problems []fault.Field // by line
	Warnings []table.Warning
}

func (l *List) wrong(line int, name, code, message string, params ...any) {
	l.Problems = append(l.Problems, fault.Wrong(name, code, message, params...).In(line, 0))
}

// add takes a row, unless it has nothing to be reached by.
func (l *List) add(r Row) {
	r.Name, r.Email = table.Text(r.Name), table.Text(r.Email)
	if r.Email == "" {
		l.wrong(r.Line, "email", "required", "is required")
		return
	}
	l.Rows = append(l.Rows, r)
}

// Read reads a list. Faults: those of package table.
func Read(ctx context.Context, file io.Reader) (List, error) {
	body, err := io.ReadAll(io.LimitReader(file, MaxBytes+1))
	if err != nil {
		return List{}, fmt.Errorf("read people: %w", err)
	}
	if len(body) > MaxBytes {
		return List{}, fault.New(fault.TooLarge, "people_too_large", "the list is larger than 4 MiB")
	}
	if bytes.HasPrefix(body, []byte("PK")) || bytes.HasPrefix(body, []byte{0xFF, 0xFE}) || bytes.HasPrefix(body, []byte{0xFE, 0xFF}) {
		return readTable(ctx, body)
	}
	text := decode(body)
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	switch {
	case strings.EqualFold(strings.TrimSpace(first), "BEGIN:VCARD"):
		return readCards(text), nil
	case first == "" || strings.ContainsAny(first, "@＠") || !headed(first):
		return readLines(text), nil
	}
	return readTable(ctx, body)
}

// decode is a text in UTF-8; what is not is taken for GB 18030, as table does.
func decode(body []byte) string {
	body = bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF"))
	if utf8.Valid(body) {
		return string(body)
	}
	if text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(body); err == nil {
		return string(text)
	}
	return strings.ToValidUTF8(string(body), "\uFFFD")
}

// The columns of a table.
const (
	columnName  = "name"
	columnEmail = "email"
)

// columnOf is what a heading means, "" if nothing.
func columnOf(heading string) string {
	switch strings.ToLower(strings.Join(strings.Fields(table.Fold(heading)), "")) {
	case columnName, "姓名", "名字", "fullname", "displayname":
		return columnName
	case columnEmail, "e-mail", "mail", "emailaddress", "e-mailaddress", "邮箱", "电子邮箱", "邮件", "电子邮件", "邮箱地址", "电子邮箱地址", "邮件地址":
		return columnEmail
	}
	return ""
}

// headed tells whether a line names the column of addresses.
func headed(line string) bool {
	for _, cell := range strings.FieldsFunc(line, separates) {
		if columnOf(strings.Trim(cell, `" `+"\r")) == columnEmail {
			return true
		}
	}
	return false
}

func separates(r rune) bool { return strings.ContainsRune(",;\t，；", r) }

// readTable reads a table whose heading names the columns; what others say is
// not read.
func readTable(ctx context.Context, body []byte) (l List, err error) {
	t, err := table.Open(ctx, bytes.NewReader(body), table.Options{
		Limits: table.Limits{Bytes: MaxBytes, Rows: 20_000, Columns: 64}, Field: columnOf,
	})
	if err != nil {
		return l, err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	columns := map[string]int{}
	for i, text := range t.Header().Row.Cells {
		if column := columnOf(text); column != "" {
			if _, twice := columns[column]; !twice {
				columns[column] = i
			}
		}
	}
	at, ok := columns[columnEmail]
	if !ok {
		l.wrong(max(1, t.Header().Row.Line), "header", "heading_missing", "there is no column {column}", "column", columnEmail)
		return l, nil
	}
	for {
		row, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return l, err
		}
		if len(row.Problems) > 0 {
			l.Problems = append(l.Problems, row.Problems...)
			continue
		}
		r := Row{Line: row.Line, Email: row.Cell(at)}
		if i, ok := columns[columnName]; ok {
			r.Name = row.Cell(i)
		}
		l.add(r)
	}
	l.Warnings = t.Warnings()
	return l, nil
}

// readLines reads an entry a line: "Name <mail>", the address alone, or both in
// any order with a comma, semicolon or tab between.
func readLines(text string) (l List) {
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		r := Row{Line: i + 1}
		var ok bool
		if r.Name, r.Email, ok = entry(strings.ReplaceAll(line, "＠", "@")); !ok {
			l.wrong(r.Line, "line", "line_without_address", "has no email address: {line}", "line", short(line))
			continue
		}
		l.add(r)
	}
	return l
}

// short is a line as a message shows it.
func short(line string) string {
	const most = 80
	if runes := []rune(line); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return line
}

func entry(line string) (name, email string, ok bool) {
	line = strings.TrimRight(line, ",;，； ")
	if open := strings.LastIndexAny(line, "<＜"); open >= 0 {
		end := strings.IndexAny(line[open:], ">＞")
		if end < 0 {
			return "", "", false
		}
		email = strings.TrimLeft(line[open:open+end], "<＜")
		return unquote(line[:open]), strings.TrimSpace(email), strings.Contains(email, "@")
	}
	parts := strings.FieldsFunc(line, separates)
	if len(parts) == 1 {
		parts = strings.Fields(line)
	}
	var rest []string
	for _, part := range parts {
		if part = unquote(part); strings.Contains(part, "@") && email == "" {
			email = part
		} else if part != "" {
			rest = append(rest, part)
		}
	}
	return strings.Join(rest, " "), email, email != ""
}

func unquote(s string) string {
	return strings.TrimSpace(strings.Trim(strings.TrimSpace(s), `"'“”`))
}
