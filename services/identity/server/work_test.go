package server_test

import (
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/internal/way/device"
)

// done is the n-th work, whose challenge lives five minutes.
func (r room) done(n uint64) *identity.Work {
	return &identity.Work{Signature: binary.BigEndian.AppendUint64(make([]byte, 24), n), ExpiresAt: r.Clock.Now().Add(5 * time.Minute)}
}

func (r room) works(t *testing.T) (n int) {
	t.Helper()
	if err := r.DB.Get(&n, `SELECT count(*) FROM work`); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestWork gives one credential for a work, however many ask at once, and none
// for one that has expired or is none.
func TestWork(t *testing.T) {
	r := setup(t)
	device := identity.ProveVoter{Slug: "s-1", Way: identity.WayDevice, Work: r.done(1)}
	var (
		all          sync.WaitGroup
		mu           sync.Mutex
		issued, used int
	)
	for range 30 {
		all.Go(func() {
			_, err := r.ProveVoter(r.ctx, device)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				issued++
			case errors.Is(err, identity.ErrWorkUsed) && cmp.Equal(testkit.Fields(err), []string{"work"}):
				used++
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if issued != 1 || used != 29 {
		t.Errorf("%d credentials, %d refusals", issued, used)
	}
	device.Slug = "s-2" // the gateway sees to the selection; the work is used all the same
	if _, err := r.ProveVoter(r.ctx, device); !errors.Is(err, identity.ErrWorkUsed) {
		t.Errorf("elsewhere: %v", err)
	}

	device.Work, device.Way = r.done(2), "passport"
	if _, err := r.ProveVoter(r.ctx, device); !errors.Is(err, identity.ErrInvalid) {
		t.Errorf("a wrong way: %v", err)
	}
	device.Way = identity.WayDevice
	for name, signature := range map[string][]byte{"none": nil, "short": make([]byte, 31), "long": make([]byte, 1000)} {
		device.Work = &identity.Work{Signature: signature, ExpiresAt: r.Clock.Now().Add(time.Minute)}
		if _, err := r.ProveVoter(r.ctx, device); !cmp.Equal(testkit.Fields(err), []string{"work"}) {
			t.Errorf("signature %s: %v", name, err)
		}
	}
	device.Work = r.done(2)
	late := r.done(3)
	if _, err := r.ProveVoter(r.ctx, device); err != nil {
		t.Errorf("a work that a bad request did not use: %v", err)
	}
	r.Clock.Advance(5 * time.Minute)
	device.Work = late
	if _, err := r.ProveVoter(r.ctx, device); !errors.Is(err, identity.ErrWorkExpired) || !cmp.Equal(testkit.Fields(err), []string{"work"}) {
		t.Errorf("when it has expired: %v", err)
	}
	if n := r.works(t); n != 2 {
		t.Errorf("%d works are recorded", n)
	}
}

// TestWork_prune removes what expired ten minutes ago, in more than one go.
func TestWork_prune(t *testing.T) {
	r := setup(t)
	if _, err := r.DB.Exec(`INSERT INTO work (signature, expires_at)
		SELECT sha256(i::text::bytea), $1::timestamptz FROM generate_series(1, 11000) i`, r.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ProveVoter(r.ctx, identity.ProveVoter{Slug: "s-1", Way: identity.WayDevice, Work: r.done(1)}); err != nil {
		t.Fatal(err)
	}
	keeper := device.New(r.Deps)
	for _, c := range []struct {
		after         time.Duration
		removed, left int
	}{{10 * time.Minute, 0, 11001}, {time.Second, 11000, 1}, {5 * time.Minute, 1, 0}} {
		r.Clock.Advance(c.after)
		if n, err := keeper.Prune(t.Context()); err != nil || int(n) != c.removed || r.works(t) != c.left {
			t.Errorf("removed %d, left %d, %v; want %d and %d", n, r.works(t), err, c.removed, c.left)
		}
	}
}
