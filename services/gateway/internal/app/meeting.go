package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/review"
)

const (
	// How long whoever follows a meeting waits for a change before they are
	// answered all the same. They ask again at once, so it is also how often a
	// member's page gives a sign of life: more often than review.Presence.
	followFor = 8 * time.Second
	// How often review is asked meanwhile.
	followEvery = time.Second
)

// Meeting is a meeting and what tells it from another state of it.
type Meeting struct {
	review.Meeting

	Version string
}

// Meeting gives the committee's meeting; attend says that the caller has its room
// open.
func (a *App) Meeting(ctx context.Context, slug string, attend bool) (Meeting, error) {
	m, err := do(ctx, a, ReadDecision, slug, a.review.GetMeeting, review.OfMeeting{Slug: slug, Attend: attend})
	return versioned(m), err
}

// Minutes gives what the meeting leaves behind.
func (a *App) Minutes(ctx context.Context, slug string) (out gateway.Minutes, err error) {
	if ctx, err = a.may(ctx, ReadDecision, slug, ""); err != nil {
		return out, err
	}
	s, err := a.selections.Get(ctx, slug)
	if err != nil {
		return out, err
	}
	out.Title, out.Edition, out.MadeAt = s.Title, s.Edition, a.cfg.Now().UTC()
	if out.Meeting, err = a.review.GetMeeting(ctx, review.OfMeeting{Slug: slug}); err != nil {
		return out, err
	}
	// A result that needs no lot has none.
	if lot, err := a.review.GetLot(ctx, review.Of{Slug: slug}); err == nil && lot.At != nil {
		out.Lot = &lot
	}
	return out, nil
}

// FollowMeeting gives the meeting as soon as it is another than the version that
// is known, or as it is after a while, or when this gateway is about to stop.
func (a *App) FollowMeeting(ctx context.Context, slug string, attend bool, known string) (Meeting, error) {
	ctx, err := a.may(ctx, ReadDecision, slug, "")
	if err != nil {
		return Meeting{}, err
	}
	enough := time.NewTimer(followFor)
	defer enough.Stop()
	again := time.NewTicker(followEvery)
	defer again.Stop()
	for in := (review.OfMeeting{Slug: slug, Attend: attend}); ; in.Attend = false {
		found, err := a.review.GetMeeting(ctx, in)
		m := versioned(found)
		if ctx.Err() != nil {
			return m, nil // whoever asked is gone
		}
		if err != nil || m.Version != known {
			return m, err
		}
		select {
		case <-again.C:
		case <-enough.C:
			return m, nil
		case <-a.live.Ended():
			return m, nil
		case <-ctx.Done():
			return m, nil
		}
	}
}

// versioned tells a state of a meeting from others.
func versioned(m review.Meeting) Meeting {
	text, err := json.Marshal(m)
	if err != nil {
		return Meeting{Meeting: m} // never: it came as JSON
	}
	sum := sha256.Sum256(text)
	return Meeting{m, hex.EncodeToString(sum[:8])}
}
