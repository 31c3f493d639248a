// Package demo runs a whole selection from the call for nominations to the
// published list: on a real PostgreSQL and NATS, through the public API, and
// from a process of its own.
package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/pg/private"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/installation"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/identity"
)

// Command is `laurel demo`.
type Command struct {
	Exit    bool   `help:"End after the checks; status 0 only if all hold. Otherwise the pages stay up until Ctrl-C."`
	Until   string `enum:"${stops}" default:"" placeholder:"PHASE" help:"Stop where this phase has opened, and leave the rest to whoever comes to the pages: ${stops_list}."`
	Input   string `default:"deploy/examples/most-beautiful-courier" type:"path" help:"Folder with rulebook.yaml, entries.xlsx or entries.csv, opinions.csv and staff.yaml."`
	DataDir string `placeholder:"DIR" type:"path" help:"Where the demo keeps its data; default: a place of this folder's own under /var/lib/laurel (root) or the user's data directory."`
	Listen  string `default:"127.0.0.1:8080" help:"Address of the pages; another port where it is taken."`
	Voters  int    `default:"20000" help:"How many cast a ballot."`
	Seed    uint64 `default:"2" help:"Seed of the invented crowd; the edition is added."`
}

const (
	// startLimit bounds the start of PostgreSQL and of the servers.
	startLimit = time.Minute
	stopLimit  = 15 * time.Second
	// server is the process that runs all services.
	server = "server"
)

// Run shows a selection, checks it, and keeps the pages up.
func (c *Command) Run(ctx context.Context) (err error) {
	started := time.Now()
	in, err := script.ReadInput(c.Input)
	if err != nil {
		return err
	}
	here, err := c.installation(ctx)
	if err != nil {
		return err
	}
	postgres := private.Server{Dir: filepath.Join(here.Dir, "postgres")}
	defer func() {
		fmt.Println("\nStopping …")
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
		defer cancel()
		err = errors.Join(err, here.Stop(ctx), postgres.Stop(ctx))
	}()
	say := newReport(os.Stdout)
	say.doing("Starting PostgreSQL, NATS and all services in " + here.Dir)
	organizer := in.With(identity.Organizer)[0]
	if err := open(ctx, here, postgres, organizer); err != nil {
		return err
	}
	say.done()
	s, err := c.script(ctx, client.New("http://"+reachable(here.Listen)), in)
	if err != nil {
		return err
	}
	s.Progress = say.progress
	for _, step := range s.Until(c.Until) {
		if err := say.step(step.Name, func() error { return step.Run(ctx) }); err != nil {
			return fmt.Errorf("%s: %w", step.Name, err)
		}
	}
	var failed error
	if c.Until == "" {
		results, err := s.API.Results(ctx, s.Slug)
		if err != nil {
			return err
		}
		say.results(results)
		failed = say.checks(ctx, s.Checks(here.Binary))
	}
	say.summary(time.Since(started), c.Until)
	say.accounts(in.Staff, hosts(here.Listen), s.Slug)
	if failed != nil {
		return failed
	}
	if !c.Exit {
		fmt.Println("\nCtrl-C ends it.")
		<-ctx.Done()
	}
	return nil
}

// script is the selection's: the next edition of the folder's award.
func (c *Command) script(ctx context.Context, api *client.Client, in script.Input) (*script.Script, error) {
	award := filepath.Base(c.Input)
	edition, err := nextEdition(ctx, api, award, in)
	if err != nil {
		return nil, err
	}
	rules, err := in.Edition(edition)
	if err != nil {
		return nil, err
	}
	return &script.Script{
		API: api, Input: in, Slug: fmt.Sprintf("%s-%d", award, edition), Rules: rules, Seed: c.Seed + uint64(edition),
		Voters: c.Voters, Again: c.Voters / 20, Late: min(100, c.Voters),
	}, nil
}

// installation is one of the demo's own.
func (c *Command) installation(ctx context.Context) (*installation.Installation, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	listen, err := installation.FreeAddress(ctx, c.Listen)
	if err != nil {
		return nil, err
	}
	dir := c.DataDir
	if dir == "" {
		if dir, err = defaultDir(); err != nil {
			return nil, err
		}
	}
	return &installation.Installation{Binary: binary, Dir: dir, Listen: listen}, os.MkdirAll(dir, 0o755)
}

// open starts PostgreSQL, or adopts it where an earlier run left it, brings the
// tables up to date, starts all services in one process and makes the first
// account.
func open(ctx context.Context, here *installation.Installation, postgres private.Server, organizer script.Member) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	local, err := postgres.Start(ctx)
	if err != nil {
		return err
	}
	here.Database = local.URL("laurel")
	if err := pg.CreateDatabase(ctx, local.URL("postgres"), "laurel"); err != nil {
		return err
	}
	if err := here.Run(ctx, nil, "migrate"); err != nil {
		return err
	}
	here.Add(server, "", nil)
	if err := here.Start(ctx, server); err != nil {
		return err
	}
	return here.CreateOrganizer(ctx, organizer.Email, organizer.Name, script.Password)
}

// defaultDir is one for each working directory.
func defaultDir() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(here))
	return private.DefaultDir("demo-" + hex.EncodeToString(sum[:4]))
}

// nextEdition is the one after the last that is there; the first is the
// rulebook's own.
func nextEdition(ctx context.Context, api *client.Client, award string, in script.Input) (int, error) {
	rules, err := rulebook.Parse([]byte(in.Rulebook))
	if err != nil {
		return 0, fmt.Errorf("input: rulebook.yaml: %w", err)
	}
	selections, err := api.Selections(ctx)
	if err != nil {
		return 0, err
	}
	edition := max(1, rules.Edition)
	for _, s := range selections {
		if s.Slug == fmt.Sprintf("%s-%d", award, s.Edition) && s.Edition >= edition {
			edition = s.Edition + 1
		}
	}
	return edition, nil
}
