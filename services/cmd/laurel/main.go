// Command laurel runs awards: it serves all rooms or one, computes results
// from spreadsheets, and shows a whole selection end to end.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/cli"
)

func main() {
	// Ctrl-C and the service manager ask to end; a second time ends at once.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	var commands cli.CLI
	parser := kong.Must(&commands, cli.Options()...)
	k, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	k.BindTo(ctx, (*context.Context)(nil))
	err = k.Run()
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		os.Exit(130)
	}
	parser.FatalIfErrorf(err)
}
