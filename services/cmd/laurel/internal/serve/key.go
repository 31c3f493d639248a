package serve

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/key"
	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/identity"
)

// ask notes the keys that the data of a room were made with.
func (p *process) ask(ctx context.Context, name string, db *sqlx.DB) error {
	all := Rooms()
	room := all[slices.IndexFunc(all, func(r run.Room) bool { return r.Name == name })]
	needed, err := room.Needed(ctx, db)
	for _, key := range needed {
		p.needed[key] = name
	}
	return err
}

// there gives key.ErrMissing where data were made with the key, and its file is not
// there: it is never made anew.
func (p *process) there(file, name string) error {
	room, needed := p.needed[name]
	if !needed {
		return nil
	}
	absent, err := p.cfg.Absent(file, name)
	if err == nil && absent {
		return key.Missing(room, name)
	}
	return err
}

// key reads the key of a room. Fault: key.ErrMissing.
func (p *process) key(file, name string) ([]byte, error) {
	if err := p.there(file, name); err != nil {
		return nil, err
	}
	return p.cfg.Key(file, name)
}

// missing is the fault of a key that is not there, or nil.
func missing(err error) *fault.Error {
	if f := fault.From(err); errors.Is(f, key.ErrMissing) {
		return f
	}
	return nil
}

// askEvery is how often identity is asked for the gateway's key until it answers.
const askEvery = time.Second

// agreement is whether the gateway's credential key is identity's: with another it
// would refuse all voters that came before. Identity tells, wherever it runs.
type agreement struct{ refused atomic.Pointer[fault.Error] }

// seek asks until identity has answered, or ctx ends.
func (a *agreement) seek(ctx context.Context, b *bus.Bus, secret []byte) {
	for {
		_, err := bus.Call[struct{}](ctx, b, identity.Name, run.ConfirmKey, key.Key{Name: credentialKey}.Secret(secret))
		if errors.Is(err, key.ErrUnknown) {
			a.refused.Store(key.Unknown(gatewayName, credentialKey))
			return
		}
		if err == nil || !pause.For(ctx, askEvery) {
			return
		}
	}
}

// refusesCredentials tells whether this process cannot know voters again: a room of
// it is closed for its credential key.
func (p *process) refusesCredentials() bool {
	return slices.ContainsFunc(p.rooms, func(r *run.Running) bool {
		f := r.Refusal()
		return f != nil && slices.Contains(strings.Fields(f.Params["keys"]), credentialKey)
	})
}
