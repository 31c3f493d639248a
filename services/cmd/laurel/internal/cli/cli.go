// Package cli is the command line, declared once; docs/config.md is made of it.
package cli

import (
	"strings"

	"github.com/alecthomas/kong"

	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/admin"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/backup"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/bench"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/compute"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/demo"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/migrate"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/rules"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/serve"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/slips"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/verify"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/witness"
)

// CLI is all commands.
type CLI struct {
	Serve    serve.Command   `cmd:"" help:"Run all services, or those named."`
	Demo     demo.Command    `cmd:"" help:"Run a whole selection end to end on a private PostgreSQL, then keep its pages up."`
	Compute  compute.Command `cmd:"" help:"Compute a result from a rulebook and spreadsheets."`
	Rulebook rules.Command   `cmd:"" help:"What concerns a rulebook by itself."`
	Verify   verify.Command  `cmd:"" help:"Check an exported ballot log, and that the votes are its sums."`
	Witness  witness.Command `cmd:"" help:"Follow a ballot log from outside, and raise an alarm where it contradicts itself."`
	Slips    slips.Command   `cmd:"" help:"What a printing office does: make its key, and print the slips that were sealed for it."`
	Bench    bench.Command   `cmd:"" help:"Measure how fast ballots are counted."`
	Migrate  migrate.Command `cmd:"" help:"Create roles, schemas and tables, or the streams in NATS, or bring them up to date."`
	Backup   backup.Command  `cmd:"" help:"Copy an installation of laurel serve --private into a file, while it runs."`
	Restore  backup.Restore  `cmd:"" help:"Make an installation out of a backup."`
	Admin    admin.Command   `cmd:"" help:"What an operator does on the machine."`
}

// Options are how the command line is parsed.
func Options() []kong.Option {
	return []kong.Option{
		kong.Name("laurel"),
		kong.Description("Awards from nomination to publication, that anyone can recompute."),
		kong.Vars{
			"services": strings.Join(serve.Names(), ", "),
			"stops":    "," + strings.Join(script.Stops(), ","), "stops_list": strings.Join(script.Stops(), ", "),
		},
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	}
}
