package selection

import (
	"context"

	"github.com/laurel-awards/laurel/pkg/bus"
)

// The verbs: rpc.selection.v1.<verb>.
const (
	createSelection = "create_selection"
	getSelection    = "get_selection"
	listSelections  = "list_selections"
	changePhase     = "change_phase"
	publishResult   = "publish_result"
	getResults      = "get_results"
)

// Endpoints puts a Service on the bus.
func Endpoints(s Service) []bus.Endpoint {
	return []bus.Endpoint{
		bus.Method(createSelection, s.Create),
		bus.Method(getSelection, s.Get),
		bus.Method(listSelections, s.List),
		bus.Method(changePhase, s.ChangePhase),
		bus.Method(publishResult, s.Publish),
		bus.Method(getResults, s.Results),
	}
}

// Client is the Service at the other end of the bus.
type Client struct{ bus *bus.Bus }

// NewClient speaks to selection over b.
func NewClient(b *bus.Bus) *Client { return &Client{b} }

var _ Service = (*Client)(nil)

// Create implements Service.
func (c *Client) Create(ctx context.Context, in Create) (Selection, error) {
	return bus.Call[Selection](ctx, c.bus, Name, createSelection, in)
}

// Get implements Service.
func (c *Client) Get(ctx context.Context, in Of) (Selection, error) {
	return bus.Call[Selection](ctx, c.bus, Name, getSelection, in)
}

// List implements Service.
func (c *Client) List(ctx context.Context, in struct{}) ([]Selection, error) {
	return bus.Call[[]Selection](ctx, c.bus, Name, listSelections, in)
}

// ChangePhase implements Service.
func (c *Client) ChangePhase(ctx context.Context, in ChangePhase) (Selection, error) {
	return bus.Call[Selection](ctx, c.bus, Name, changePhase, in)
}

// Publish implements Service.
func (c *Client) Publish(ctx context.Context, in Publish) (Results, error) {
	return bus.Call[Results](ctx, c.bus, Name, publishResult, in)
}

// Results implements Service.
func (c *Client) Results(ctx context.Context, in Of) (Results, error) {
	return bus.Call[Results](ctx, c.bus, Name, getResults, in)
}
