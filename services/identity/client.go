package identity

import (
	"context"

	"github.com/laurel-awards/laurel/pkg/bus"
)

// The verbs: rpc.identity.v1.<verb>.
const (
	createAccount = "create_account"
	signIn        = "sign_in"
	signOut       = "sign_out"
	authenticate  = "authenticate"
	findAccount   = "find_account"
	grantRole     = "grant_role"
	revokeRole    = "revoke_role"
	listStaff     = "list_staff"
	proveVoter    = "prove_voter"
	importRoster  = "import_roster"
	getRoster     = "get_roster"
	exportCodes   = "export_codes"
	replaceCode   = "replace_code"
)

// Endpoints puts a Service on the bus.
func Endpoints(s Service) []bus.Endpoint {
	return []bus.Endpoint{
		bus.Method(createAccount, s.CreateAccount),
		bus.Method(signIn, s.SignIn),
		bus.Method(signOut, s.SignOut),
		bus.Method(authenticate, s.Authenticate),
		bus.Method(findAccount, s.FindAccount),
		bus.Method(grantRole, s.GrantRole),
		bus.Method(revokeRole, s.RevokeRole),
		bus.Method(listStaff, s.ListStaff),
		bus.Method(proveVoter, s.ProveVoter),
		bus.Method(importRoster, s.ImportRoster),
		bus.Method(getRoster, s.Roster),
		bus.Method(exportCodes, s.ExportCodes),
		bus.Method(replaceCode, s.ReplaceCode),
	}
}

// Client is the Service at the other end of the bus.
type Client struct{ bus *bus.Bus }

// NewClient speaks to identity over b.
func NewClient(b *bus.Bus) *Client { return &Client{b} }

var _ Service = (*Client)(nil)

// CreateAccount implements Service.
func (c *Client) CreateAccount(ctx context.Context, in CreateAccount) (Account, error) {
	return bus.Call[Account](ctx, c.bus, Name, createAccount, in)
}

// SignIn implements Service.
func (c *Client) SignIn(ctx context.Context, in SignIn) (Session, error) {
	return bus.Call[Session](ctx, c.bus, Name, signIn, in)
}

// SignOut implements Service.
func (c *Client) SignOut(ctx context.Context, in Token) (Account, error) {
	return bus.Call[Account](ctx, c.bus, Name, signOut, in)
}

// Authenticate implements Service.
func (c *Client) Authenticate(ctx context.Context, in Token) (Account, error) {
	return bus.Call[Account](ctx, c.bus, Name, authenticate, in)
}

// FindAccount implements Service.
func (c *Client) FindAccount(ctx context.Context, in Lookup) (Account, error) {
	return bus.Call[Account](ctx, c.bus, Name, findAccount, in)
}

// GrantRole implements Service.
func (c *Client) GrantRole(ctx context.Context, in Change) (Account, error) {
	return bus.Call[Account](ctx, c.bus, Name, grantRole, in)
}

// RevokeRole implements Service.
func (c *Client) RevokeRole(ctx context.Context, in Change) (Account, error) {
	return bus.Call[Account](ctx, c.bus, Name, revokeRole, in)
}

// ListStaff implements Service.
func (c *Client) ListStaff(ctx context.Context, in ListStaff) ([]Account, error) {
	return bus.Call[[]Account](ctx, c.bus, Name, listStaff, in)
}

// ProveVoter implements Service.
func (c *Client) ProveVoter(ctx context.Context, in ProveVoter) (Credential, error) {
	return bus.Call[Credential](ctx, c.bus, Name, proveVoter, in)
}

// ImportRoster implements Service.
func (c *Client) ImportRoster(ctx context.Context, in ImportRoster) (RosterImported, error) {
	return bus.Call[RosterImported](ctx, c.bus, Name, importRoster, in)
}

// Roster implements Service.
func (c *Client) Roster(ctx context.Context, in OfRoster) (Roster, error) {
	return bus.Call[Roster](ctx, c.bus, Name, getRoster, in)
}

// ExportCodes implements Service.
func (c *Client) ExportCodes(ctx context.Context, in ExportCodes) (CodesExported, error) {
	return bus.Call[CodesExported](ctx, c.bus, Name, exportCodes, in)
}

// ReplaceCode implements Service.
func (c *Client) ReplaceCode(ctx context.Context, in ReplaceCode) (Coded, error) {
	return bus.Call[Coded](ctx, c.bus, Name, replaceCode, in)
}
