package nomination

import (
	"context"

	"github.com/laurel-awards/laurel/pkg/bus"
)

// The verbs: rpc.nomination.v1.<verb>.
const (
	submitEntry     = "submit_entry"
	importEntries   = "import_entries"
	setPhoto        = "set_photo"
	getEntry        = "get_entry"
	listEntries     = "list_entries"
	giveOpinion     = "give_opinion"
	withdrawEntry   = "withdraw_entry"
	strikeCandidate = "strike_candidate"
	listCandidates  = "list_candidates"
	getCandidate    = "get_candidate"
	getProgress     = "get_progress"
)

// Endpoints puts a Service on the bus.
func Endpoints(s Service) []bus.Endpoint {
	return []bus.Endpoint{
		bus.Method(submitEntry, s.Submit),
		bus.Method(importEntries, s.Import),
		bus.Method(setPhoto, s.SetPhoto),
		bus.Method(getEntry, s.Entry),
		bus.Method(listEntries, s.ListEntries),
		bus.Method(giveOpinion, s.GiveOpinion),
		bus.Method(withdrawEntry, s.Withdraw),
		bus.Method(strikeCandidate, s.Strike),
		bus.Method(listCandidates, s.ListCandidates),
		bus.Method(getCandidate, s.Candidate),
		bus.Method(getProgress, s.Progress),
	}
}

// Client is the Service at the other end of the bus.
type Client struct{ bus *bus.Bus }

// NewClient speaks to nomination over b.
func NewClient(b *bus.Bus) *Client { return &Client{b} }

var _ Service = (*Client)(nil)

// Submit implements Service.
func (c *Client) Submit(ctx context.Context, in Submit) (Entry, error) {
	return bus.Call[Entry](ctx, c.bus, Name, submitEntry, in)
}

// Import implements Service.
func (c *Client) Import(ctx context.Context, in Import) (Imported, error) {
	return bus.Call[Imported](ctx, c.bus, Name, importEntries, in)
}

// SetPhoto implements Service.
func (c *Client) SetPhoto(ctx context.Context, in SetPhoto) (Entry, error) {
	return bus.Call[Entry](ctx, c.bus, Name, setPhoto, in)
}

// Entry implements Service.
func (c *Client) Entry(ctx context.Context, in OfEntry) (Entry, error) {
	return bus.Call[Entry](ctx, c.bus, Name, getEntry, in)
}

// ListEntries implements Service.
func (c *Client) ListEntries(ctx context.Context, in ListEntries) ([]Entry, error) {
	return bus.Call[[]Entry](ctx, c.bus, Name, listEntries, in)
}

// GiveOpinion implements Service.
func (c *Client) GiveOpinion(ctx context.Context, in GiveOpinion) (Entry, error) {
	return bus.Call[Entry](ctx, c.bus, Name, giveOpinion, in)
}

// Withdraw implements Service.
func (c *Client) Withdraw(ctx context.Context, in Withdraw) (Entry, error) {
	return bus.Call[Entry](ctx, c.bus, Name, withdrawEntry, in)
}

// Strike implements Service.
func (c *Client) Strike(ctx context.Context, in Strike) (Candidate, error) {
	return bus.Call[Candidate](ctx, c.bus, Name, strikeCandidate, in)
}

// ListCandidates implements Service.
func (c *Client) ListCandidates(ctx context.Context, in ListCandidates) ([]Candidate, error) {
	return bus.Call[[]Candidate](ctx, c.bus, Name, listCandidates, in)
}

// Candidate implements Service.
func (c *Client) Candidate(ctx context.Context, in OfCandidate) (Candidate, error) {
	return bus.Call[Candidate](ctx, c.bus, Name, getCandidate, in)
}

// Progress implements Service.
func (c *Client) Progress(ctx context.Context, in Of) (Progress, error) {
	return bus.Call[Progress](ctx, c.bus, Name, getProgress, in)
}
