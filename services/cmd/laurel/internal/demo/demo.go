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
	"strings"
	"time"

	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/identity"
)

// slugPrefix and the edition make the slug.
const slugPrefix = "most-beautiful-courier-"

// Command is `laurel demo`.
type Command struct {
	Exit    bool   `help:"End after the checks; status 0 only if all hold. Otherwise the pages stay up until Ctrl-C."`
	Input   string `default:"deploy/examples/most-beautiful-courier" type:"path" help:"Folder with rulebook.yaml, entries.xlsx, opinions.csv and staff.yaml."`
	DataDir string `placeholder:"DIR" type:"path" help:"Where the demo keeps its data; default: a place of this folder's own under /var/lib/laurel (root) or the user's data directory."`
	Listen  string `default:"127.0.0.1:8080" help:"Address of the pages; another port where it is taken."`
	Voters  int    `default:"20000" help:"How many cast a ballot."`
	Seed    uint64 `default:"2" help:"Seed of the invented crowd; the edition is added."`
}

// Run shows a selection, checks it, and keeps the pages up.
func (c *Command) Run(ctx context.Context) (err error) {
	started := time.Now()
	in, err := ReadInput(c.Input)
	if err != nil {
		return err
	}
	house, err := c.house(ctx)
	if err != nil {
		return err
	}
	defer func() {
		fmt.Println("\nStopping …")
		err = errors.Join(err, house.Close())
	}()
	say := newReport(os.Stdout)
	say.doing("Starting PostgreSQL, NATS and all services in " + house.Dir)
	if err := house.Open(ctx); err != nil {
		return err
	}
	organizer := in.with(identity.Organizer)[0]
	if err := house.Run(ctx, strings.NewReader(Password+"\n"),
		"admin", "create-user", "--email", organizer.Email, "--name", organizer.Name, "--role", string(identity.Organizer)); err != nil {
		return err
	}
	say.done()
	api := client.New("http://" + house.Listen)
	edition, err := nextEdition(ctx, api)
	if err != nil {
		return err
	}
	rules, err := in.Edition(edition)
	if err != nil {
		return err
	}
	script := &Script{
		API: api, Input: in, Slug: fmt.Sprint(slugPrefix, edition), Rules: rules, Seed: c.Seed + uint64(edition),
		Voters: c.Voters, Again: c.Voters / 20, Late: min(100, c.Voters), Progress: say.progress,
	}
	for _, step := range script.Steps() {
		if err := say.step(step.Name, func() error { return step.Run(ctx) }); err != nil {
			return fmt.Errorf("%s: %w", step.Name, err)
		}
	}
	results, err := api.Results(ctx, script.Slug)
	if err != nil {
		return err
	}
	say.results(results)
	failed := say.checks(ctx, script.Checks(house.Binary))
	say.summary(time.Since(started), "http://"+house.Listen+"/s/"+script.Slug)
	if failed != nil {
		return failed
	}
	if !c.Exit {
		fmt.Println("Ctrl-C ends it.")
		<-ctx.Done()
	}
	return nil
}

func (c *Command) house(ctx context.Context) (*House, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	listen, err := freeAddress(ctx, c.Listen)
	if err != nil {
		return nil, err
	}
	dir := c.DataDir
	if dir == "" {
		if dir, err = defaultDir(); err != nil {
			return nil, err
		}
	}
	return &House{Dir: dir, Binary: binary, Listen: listen, Proxies: []string{"127.0.0.0/8"}, Log: filepath.Join(dir, "server.log")}, nil
}

// defaultDir is one for each working directory. PostgreSQL does not run as
// root, and its user cannot reach root's home.
func defaultDir() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(here))
	name := "demo-" + hex.EncodeToString(sum[:4])
	if os.Getuid() == 0 {
		return filepath.Join("/var/lib/laurel", name), nil
	}
	if data := os.Getenv("XDG_DATA_HOME"); data != "" {
		return filepath.Join(data, "laurel", name), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "share", "laurel", name), err
}

// nextEdition is the one after the last that is there; the first is the second.
func nextEdition(ctx context.Context, api *client.Client) (int, error) {
	selections, err := api.Selections(ctx)
	if err != nil {
		return 0, err
	}
	edition := 2
	for _, s := range selections {
		if strings.HasPrefix(s.Slug, slugPrefix) && s.Edition >= edition {
			edition = s.Edition + 1
		}
	}
	return edition, nil
}
