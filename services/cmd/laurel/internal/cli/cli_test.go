package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/cli"
)

// TestMarkdown holds docs/config.md to the declaration.
func TestMarkdown(t *testing.T) {
	const path = "../../../../../docs/config.md"
	got, err := cli.Markdown()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Golden(t, path, got)
}

// TestCLI_help says of every command, flag and argument what it is for.
func TestCLI_help(t *testing.T) {
	parser := parser(t, new(cli.CLI))
	envs := map[string]string{}
	for _, command := range parser.Model.Leaves(false) {
		if command.Help == "" {
			t.Errorf("%s has no help", command.Path())
		}
		for _, v := range command.Values() {
			at := command.Path() + " " + v.ShortSummary()
			if v.Help == "" {
				t.Errorf("%s has no help", at)
			}
			for _, env := range v.Tag.Envs {
				if other, ok := envs[env]; ok && other != v.Name {
					t.Errorf("%s: %s also sets --%s", at, env, other)
				}
				envs[env] = v.Name
			}
		}
	}
	if len(envs) == 0 {
		t.Error("nothing is set by the environment")
	}
}

func TestCLI_serve(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://example/laurel")
	t.Setenv("TRUSTED_PROXIES", "10.0.0.0/8,192.168.0.0/16")
	t.Setenv("LOG_LEVEL", "debug")
	t.Setenv("LISTEN", "0.0.0.0:80")
	var c cli.CLI
	if _, err := parser(t, &c).Parse([]string{"serve", "voting", "gateway", "--listen", "127.0.0.1:81", "--session-ttl", "90s"}); err != nil {
		t.Fatal(err)
	}
	got := c.Serve
	if strings.Join(got.Services, " ") != "voting gateway" || got.URL != "postgres://example/laurel" || len(got.TrustedProxies) != 2 ||
		got.Listen != "127.0.0.1:81" || got.SessionTTL.Seconds() != 90 || got.Log.Level.String() != "DEBUG" {
		t.Errorf("%+v", got)
	}
}

// TestCLI_refused names the argument at fault.
func TestCLI_refused(t *testing.T) {
	for args, want := range map[string]string{
		"sing":                                "sing",
		"serve --lissen :80":                  "--lissen",
		"serve --log-format=xml":              "--log-format",
		"serve --log-level=loud":              "--log-level",
		"serve --session-ttl=soon":            "--session-ttl",
		"compute":                             "--rulebook",
		"admin create-user --role=juror":      "--email",
		"demo --voters=many":                  "--voters",
		"compute --rulebook=r --format=prose": "--format",
	} {
		if _, err := parser(t, new(cli.CLI)).Parse(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("laurel %s: %v, want %s named", args, err, want)
		}
	}
}

// TestCLI_documented finds commands and flags on pages that the program does not
// have.
func TestCLI_documented(t *testing.T) {
	const top = "../../../../../"
	pages := []string{top + "README.md", top + "README.zh-CN.md", top + "deploy/README.md"}
	for _, pattern := range []string{top + "docs/*.md", top + "docs/zh/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	commands := map[string]map[string]bool{}
	for _, c := range parser(t, new(cli.CLI)).Model.Leaves(false) {
		flags := map[string]bool{"help": true}
		for _, f := range c.Flags {
			flags[f.Name] = true
			for _, alias := range f.Aliases {
				flags[alias] = true
			}
		}
		commands[c.FullPath()] = flags
	}
	said := 0
	call := regexp.MustCompile("(?:^|[ `\"/])(laurel (?:serve|demo|backup|restore|migrate|compute|verify|witness|" +
		"rulebook [a-z]+|slips [a-z]+|admin [a-z-]+))([^\n`|;#]*)")
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(text), -1) {
			flags, ok := commands[m[1]]
			if said++; !ok {
				t.Errorf("%s: there is no %s", page, m[1])
				continue
			}
			for _, f := range regexp.MustCompile(` --([a-z-]+)`).FindAllStringSubmatch(m[2], -1) {
				if !flags[f[1]] {
					t.Errorf("%s: %s has no --%s", page, m[1], f[1])
				}
			}
		}
	}
	if said < 40 {
		t.Errorf("only %d calls were looked at", said)
	}
}

func parser(t *testing.T, c *cli.CLI) *kong.Kong {
	t.Helper()
	p, err := kong.New(c, cli.Options()...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
