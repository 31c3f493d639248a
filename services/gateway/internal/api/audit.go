package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// DeliveryReport tells whether every event about a selection was consumed by
// everyone it concerns, once.
type DeliveryReport struct {
	Complete bool                `json:"complete"`
	Problems []string            `json:"problems" doc:"Empty where complete"`
	Services []outbox.Deliveries `json:"services" doc:"What each service sent and consumed"`
}

// Act is an entry of the audit log of one service.
type Act struct {
	Service string `json:"service"`
	audit.Entry
}

// rooms are the services that have a database.
func rooms() []string {
	return []string{identity.Name, selection.Name, nomination.Name, voting.Name, review.Name}
}

func (a *API) auditRoutes() {
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/deliveries", summary: "Whether every event reached everyone it concerns, once", staff: true},
		func(ctx context.Context, in *InSelection) (*body[DeliveryReport], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer, identity.Auditor)
			if err != nil {
				return nil, err
			}
			if err := a.known(ctx, in.Slug); err != nil {
				return nil, err
			}
			return answer(a.deliveries(ctx, in.Slug))
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/audit", summary: "Every act of staff, oldest first", staff: true},
		func(ctx context.Context, in *InSelection) (*body[[]Act], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer, identity.Auditor)
			if err != nil {
				return nil, err
			}
			if err := a.known(ctx, in.Slug); err != nil {
				return nil, err
			}
			return answer(a.acts(ctx, in.Slug))
		})
	register(a, route{method: http.MethodGet, path: "/selections/{slug}/check", summary: "Recount the ballots", staff: true},
		func(ctx context.Context, in *InSelection) (*body[voting.Check], error) {
			ctx, err := a.may(ctx, in.Slug, identity.Organizer, identity.Auditor)
			if err != nil {
				return nil, err
			}
			return answer(a.voting.CheckTally(ctx, voting.Of{Slug: in.Slug}))
		})
}

func (a *API) deliveries(ctx context.Context, slug string) (DeliveryReport, error) {
	d := DeliveryReport{Problems: []string{}}
	sent, got := map[string]outbox.Count{}, map[string]outbox.Count{}
	for _, room := range rooms() {
		report, err := bus.Call[outbox.Deliveries](ctx, a.bus, room, run.ReportDeliveries, run.Of{Slug: slug})
		if err != nil {
			return d, err
		}
		d.Services = append(d.Services, report)
		for _, c := range report.Outbox {
			sent[c.Publisher+"/"+c.Name] = c
		}
		for _, c := range report.Inbox {
			got[room+"/"+c.Publisher+"/"+c.Name] = c
		}
	}
	for _, spec := range event.All() {
		for _, publisher := range spec.Publishers {
			key := publisher + "/" + spec.Example.EventType().Name
			s := sent[key]
			if s.Unsent > 0 {
				d.Problems = append(d.Problems, fmt.Sprintf("%s: %d not sent", key, s.Unsent))
			}
			for _, consumer := range spec.Consumers {
				if g := got[consumer+"/"+key]; g.Events != s.Events || g.Digest != s.Digest {
					d.Problems = append(d.Problems, fmt.Sprintf("%s: %d written, %s consumed %d", key, s.Events, consumer, g.Events))
				}
			}
		}
	}
	d.Complete = len(d.Problems) == 0
	return d, nil
}

func (a *API) acts(ctx context.Context, slug string) ([]Act, error) {
	acts := []Act{}
	for _, room := range rooms() {
		for after := int64(0); ; {
			page, err := bus.Call[[]audit.Entry](ctx, a.bus, room, run.ListAudit, audit.Page{Slug: slug, After: after})
			if err != nil {
				return nil, err
			}
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				acts = append(acts, Act{room, e})
			}
			after = page[len(page)-1].ID
		}
	}
	slices.SortStableFunc(acts, func(x, y Act) int {
		if c := x.At.Compare(y.At); c != 0 {
			return c
		}
		return strings.Compare(x.Service, y.Service)
	})
	return acts, nil
}
