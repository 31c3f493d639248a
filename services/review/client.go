package review

import (
	"context"

	"github.com/laurel-awards/laurel/pkg/bus"
)

// The verbs: rpc.review.v1.<verb>.
const (
	seatPanel       = "seat_panel"
	getPanel        = "get_panel"
	listAssignments = "list_assignments"
	saveSheet       = "save_sheet"
	recuseJuror     = "recuse_juror"
	listGaps        = "list_gaps"
	getResult       = "get_result"
	exportScores    = "export_scores"
	seatCommittee   = "seat_committee"
	putMotion       = "put_motion"
	voteMotion      = "vote_motion"
	closeMotion     = "close_motion"
	getDecision     = "get_decision"
	assignByHand    = "assign_by_hand"
	unseatJuror     = "unseat_juror"
	callFurther     = "call_further"
	listPeers       = "list_peers"
	sendBack        = "send_back"
	getOversight    = "get_oversight"
	declareConflict = "declare_conflict"
	pinConflict     = "pin_conflict"
	listConflicts   = "list_conflicts"
	recordLot       = "record_lot"
	getLot          = "get_lot"
	listRevisions   = "list_revisions"
	getHistory      = "get_history"
)

// Endpoints puts a Service on the bus.
func Endpoints(s Service) []bus.Endpoint {
	return []bus.Endpoint{
		bus.Method(seatPanel, s.SeatPanel),
		bus.Method(getPanel, s.Panel),
		bus.Method(listAssignments, s.Assignments),
		bus.Method(saveSheet, s.SaveSheet),
		bus.Method(recuseJuror, s.Recuse),
		bus.Method(listGaps, s.Gaps),
		bus.Method(getResult, s.Result),
		bus.Method(exportScores, s.ExportScores),
		bus.Method(seatCommittee, s.SeatCommittee),
		bus.Method(putMotion, s.Move),
		bus.Method(voteMotion, s.VoteMotion),
		bus.Method(closeMotion, s.CloseMotion),
		bus.Method(getDecision, s.Decision),
		bus.Method(assignByHand, s.AssignByHand),
		bus.Method(unseatJuror, s.Unseat),
		bus.Method(callFurther, s.CallFurther),
		bus.Method(listPeers, s.Peers),
		bus.Method(sendBack, s.SendBack),
		bus.Method(getOversight, s.Oversight),
		bus.Method(declareConflict, s.DeclareConflict),
		bus.Method(pinConflict, s.PinConflict),
		bus.Method(listConflicts, s.Conflicts),
		bus.Method(recordLot, s.RecordLot),
		bus.Method(getLot, s.Lot),
		bus.Method(listRevisions, s.Revisions),
		bus.Method(getHistory, s.History),
	}
}

// Client is the Service at the other end of the bus.
type Client struct{ bus *bus.Bus }

// NewClient speaks to review over b.
func NewClient(b *bus.Bus) *Client { return &Client{b} }

var _ Service = (*Client)(nil)

// SeatPanel implements Service.
func (c *Client) SeatPanel(ctx context.Context, in SeatPanel) (Panel, error) {
	return bus.Call[Panel](ctx, c.bus, Name, seatPanel, in)
}

// Panel implements Service.
func (c *Client) Panel(ctx context.Context, in OfPanel) (Panel, error) {
	return bus.Call[Panel](ctx, c.bus, Name, getPanel, in)
}

// Assignments implements Service.
func (c *Client) Assignments(ctx context.Context, in OfPanel) ([]Assignment, error) {
	return bus.Call[[]Assignment](ctx, c.bus, Name, listAssignments, in)
}

// SaveSheet implements Service.
func (c *Client) SaveSheet(ctx context.Context, in SaveSheet) (Sheet, error) {
	return bus.Call[Sheet](ctx, c.bus, Name, saveSheet, in)
}

// Recuse implements Service.
func (c *Client) Recuse(ctx context.Context, in Recuse) (Panel, error) {
	return bus.Call[Panel](ctx, c.bus, Name, recuseJuror, in)
}

// Gaps implements Service.
func (c *Client) Gaps(ctx context.Context, in Of) ([]string, error) {
	return bus.Call[[]string](ctx, c.bus, Name, listGaps, in)
}

// Result implements Service.
func (c *Client) Result(ctx context.Context, in Of) (Result, error) {
	return bus.Call[Result](ctx, c.bus, Name, getResult, in)
}

// ExportScores implements Service.
func (c *Client) ExportScores(ctx context.Context, in Of) (Exported, error) {
	return bus.Call[Exported](ctx, c.bus, Name, exportScores, in)
}

// SeatCommittee implements Service.
func (c *Client) SeatCommittee(ctx context.Context, in SeatCommittee) (Decision, error) {
	return bus.Call[Decision](ctx, c.bus, Name, seatCommittee, in)
}

// Move implements Service.
func (c *Client) Move(ctx context.Context, in Move) (Decision, error) {
	return bus.Call[Decision](ctx, c.bus, Name, putMotion, in)
}

// VoteMotion implements Service.
func (c *Client) VoteMotion(ctx context.Context, in VoteMotion) (Decision, error) {
	return bus.Call[Decision](ctx, c.bus, Name, voteMotion, in)
}

// CloseMotion implements Service.
func (c *Client) CloseMotion(ctx context.Context, in Of) (Decision, error) {
	return bus.Call[Decision](ctx, c.bus, Name, closeMotion, in)
}

// Decision implements Service.
func (c *Client) Decision(ctx context.Context, in Of) (Decision, error) {
	return bus.Call[Decision](ctx, c.bus, Name, getDecision, in)
}

// AssignByHand implements Service.
func (c *Client) AssignByHand(ctx context.Context, in AssignByHand) (Panel, error) {
	return bus.Call[Panel](ctx, c.bus, Name, assignByHand, in)
}

// Unseat implements Service.
func (c *Client) Unseat(ctx context.Context, in Unseat) (Panel, error) {
	return bus.Call[Panel](ctx, c.bus, Name, unseatJuror, in)
}

// CallFurther implements Service.
func (c *Client) CallFurther(ctx context.Context, in CallFurther) (Panel, error) {
	return bus.Call[Panel](ctx, c.bus, Name, callFurther, in)
}

// Peers implements Service.
func (c *Client) Peers(ctx context.Context, in OfSheet) ([]Peer, error) {
	return bus.Call[[]Peer](ctx, c.bus, Name, listPeers, in)
}

// SendBack implements Service.
func (c *Client) SendBack(ctx context.Context, in SendBack) (Panel, error) {
	return bus.Call[Panel](ctx, c.bus, Name, sendBack, in)
}

// Oversight implements Service.
func (c *Client) Oversight(ctx context.Context, in OfPanel) (Oversight, error) {
	return bus.Call[Oversight](ctx, c.bus, Name, getOversight, in)
}

// DeclareConflict implements Service.
func (c *Client) DeclareConflict(ctx context.Context, in DeclareConflict) (Declared, error) {
	return bus.Call[Declared](ctx, c.bus, Name, declareConflict, in)
}

// PinConflict implements Service.
func (c *Client) PinConflict(ctx context.Context, in PinConflict) (Conflict, error) {
	return bus.Call[Conflict](ctx, c.bus, Name, pinConflict, in)
}

// Conflicts implements Service.
func (c *Client) Conflicts(ctx context.Context, in OfPanel) ([]Conflict, error) {
	return bus.Call[[]Conflict](ctx, c.bus, Name, listConflicts, in)
}

// RecordLot implements Service.
func (c *Client) RecordLot(ctx context.Context, in RecordLot) (Lot, error) {
	return bus.Call[Lot](ctx, c.bus, Name, recordLot, in)
}

// Lot implements Service.
func (c *Client) Lot(ctx context.Context, in Of) (Lot, error) {
	return bus.Call[Lot](ctx, c.bus, Name, getLot, in)
}

// Revisions implements Service.
func (c *Client) Revisions(ctx context.Context, in OfSheet) ([]Sheet, error) {
	return bus.Call[[]Sheet](ctx, c.bus, Name, listRevisions, in)
}

// History implements Service.
func (c *Client) History(ctx context.Context, in OfCandidate) ([]Revision, error) {
	return bus.Call[[]Revision](ctx, c.bus, Name, getHistory, in)
}
