package voting

import (
	"context"

	"github.com/laurel-awards/laurel/pkg/bus"
)

// The verbs: rpc.voting.v1.<verb>.
const (
	castBallots   = "cast_ballots"
	getTally      = "get_tally"
	exportVotes   = "export_votes"
	exportBallots = "export_ballots"
	getReceipt    = "get_receipt"
	getCheckpoint = "get_checkpoint"
	getTile       = "get_tile"
	proveGrowth   = "prove_growth"
	getStatement  = "get_statement"
	exportLeaves  = "export_leaves"
	checkTally    = "check_tally"
)

// Endpoints puts a Service on the bus.
func Endpoints(s Service) []bus.Endpoint {
	return []bus.Endpoint{
		bus.Method(castBallots, s.CastBallots),
		bus.Method(getTally, s.Tally),
		bus.Method(exportVotes, s.ExportVotes),
		bus.Method(exportBallots, s.ExportBallots),
		bus.Method(getReceipt, s.Receipt),
		bus.Method(getCheckpoint, s.Checkpoint),
		bus.Method(getTile, s.Tile),
		bus.Method(proveGrowth, s.Consistency),
		bus.Method(getStatement, s.Statement),
		bus.Method(exportLeaves, s.ExportLeaves),
		bus.Method(checkTally, s.Check),
	}
}

// Client is the Service at the other end of the bus.
type Client struct{ bus *bus.Bus }

// NewClient speaks to voting over b.
func NewClient(b *bus.Bus) *Client { return &Client{b} }

var _ Service = (*Client)(nil)

// CastBallots implements Service.
func (c *Client) CastBallots(ctx context.Context, in CastBallots) (Outcomes, error) {
	return bus.Call[Outcomes](ctx, c.bus, Name, castBallots, in)
}

// Tally implements Service.
func (c *Client) Tally(ctx context.Context, in Of) (Tally, error) {
	return bus.Call[Tally](ctx, c.bus, Name, getTally, in)
}

// ExportVotes implements Service.
func (c *Client) ExportVotes(ctx context.Context, in Of) (Exported, error) {
	return bus.Call[Exported](ctx, c.bus, Name, exportVotes, in)
}

// ExportBallots implements Service.
func (c *Client) ExportBallots(ctx context.Context, in Of) (Exported, error) {
	return bus.Call[Exported](ctx, c.bus, Name, exportBallots, in)
}

// Receipt implements Service.
func (c *Client) Receipt(ctx context.Context, in Receipt) (Recorded, error) {
	return bus.Call[Recorded](ctx, c.bus, Name, getReceipt, in)
}

// Checkpoint implements Service.
func (c *Client) Checkpoint(ctx context.Context, in Of) (Checkpoint, error) {
	return bus.Call[Checkpoint](ctx, c.bus, Name, getCheckpoint, in)
}

// Tile implements Service.
func (c *Client) Tile(ctx context.Context, in TileOf) (Tile, error) {
	return bus.Call[Tile](ctx, c.bus, Name, getTile, in)
}

// Consistency implements Service.
func (c *Client) Consistency(ctx context.Context, in ConsistencyOf) (Consistency, error) {
	return bus.Call[Consistency](ctx, c.bus, Name, proveGrowth, in)
}

// Statement implements Service.
func (c *Client) Statement(ctx context.Context, in StatementOf) (Statement, error) {
	return bus.Call[Statement](ctx, c.bus, Name, getStatement, in)
}

// ExportLeaves implements Service.
func (c *Client) ExportLeaves(ctx context.Context, in Of) (Exported, error) {
	return bus.Call[Exported](ctx, c.bus, Name, exportLeaves, in)
}

// Check implements Service.
func (c *Client) Check(ctx context.Context, in Of) (Check, error) {
	return bus.Call[Check](ctx, c.bus, Name, checkTally, in)
}
