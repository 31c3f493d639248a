package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/voting"
)

// OrderCheck has the ballots recounted, and tells the job that does it.
func (a *App) OrderCheck(ctx context.Context, slug string) (gateway.Job, error) {
	return a.checkJob(ctx, slug, a.voting.OrderCheck)
}

// CancelCheck ends the check that is at work: who may order it may do so.
func (a *App) CancelCheck(ctx context.Context, slug string) (gateway.Job, error) {
	return a.checkJob(ctx, slug, a.voting.CancelCheck)
}

func (a *App) checkJob(ctx context.Context, slug string, act func(context.Context, voting.Of) (voting.Check, error)) (gateway.Job, error) {
	c, err := do(ctx, a, CheckTally, slug, act, voting.Of{Slug: slug})
	if err != nil || c.Job == nil {
		return gateway.Job{}, err
	}
	return *toldJob(voting.Name, *c.Job), nil
}

// CheckTally tells what the last check of the ballots found.
func (a *App) CheckTally(ctx context.Context, slug string) (gateway.Check, error) {
	c, err := do(ctx, a, CheckTally, slug, a.voting.CheckTally, voting.Of{Slug: slug})
	told := gateway.Check{Ballots: c.Ballots, Sequenced: c.Sequenced, At: c.At, Problems: c.Problems}
	if c.Job != nil {
		told.Job = toldJob(voting.Name, *c.Job)
	}
	if err == nil && len(told.Problems) > 0 {
		told.Problems, err = a.unhidden(ctx, slug, told.Problems)
	}
	return told, err
}

// unhidden gives problems as they may be told: while counts are hidden, what does
// not hold, and none of its numbers.
func (a *App) unhidden(ctx context.Context, slug string, problems []string) ([]string, error) {
	tally, err := a.voting.GetTally(ctx, voting.Of{Slug: slug})
	if err != nil || !tally.Hidden {
		return problems, err
	}
	told := make([]string, len(problems))
	for i, p := range problems {
		told[i], _, _ = strings.Cut(p, ": ")
	}
	return slices.Compact(told), nil
}

// Deliveries tells whether every event about a selection reached everyone it
// concerns, once.
func (a *App) Deliveries(ctx context.Context, slug string) (gateway.DeliveryReport, error) {
	d := gateway.DeliveryReport{Problems: []string{}}
	ctx, err := a.may(ctx, ReadDeliveries, slug, "")
	if err != nil {
		return d, err
	}
	if err := a.known(ctx, slug); err != nil {
		return d, err
	}
	sent, got := map[string]outbox.Count{}, map[string]outbox.Count{}
	for _, service := range event.Services() {
		report, err := bus.Call[outbox.Deliveries](ctx, a.bus, service, run.ReportDeliveries, run.Of{Slug: slug})
		if err != nil {
			return d, err
		}
		d.Services = append(d.Services, report)
		for _, c := range report.Outbox {
			sent[c.Publisher+"/"+c.Name] = c
		}
		for _, c := range report.Inbox {
			got[service+"/"+c.Publisher+"/"+c.Name] = c
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

// Audit gives every act of staff in a selection, oldest first.
func (a *App) Audit(ctx context.Context, slug string) ([]gateway.Act, error) {
	ctx, err := a.may(ctx, ReadAudit, slug, "")
	if err != nil {
		return nil, err
	}
	if err := a.known(ctx, slug); err != nil {
		return nil, err
	}
	acts := []gateway.Act{}
	for _, service := range event.Services() {
		for after := int64(0); ; {
			page, err := bus.Call[[]audit.Entry](ctx, a.bus, service, run.ListAudit, audit.Page{Slug: slug, After: after})
			if err != nil {
				return nil, err
			}
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				acts = append(acts, gateway.Act{Service: service, Entry: e})
			}
			after = page[len(page)-1].ID
		}
	}
	slices.SortStableFunc(acts, func(x, y gateway.Act) int {
		if c := x.At.Compare(y.At); c != 0 {
			return c
		}
		return strings.Compare(x.Service, y.Service)
	})
	return acts, nil
}

// AuditPage gives entries of a room's whole audit log after an id, oldest first:
// of all selections, and of what concerns none, such as sign-ins. Where there is
// none, the page is empty.
func (a *App) AuditPage(ctx context.Context, service string, after int64, limit int) ([]gateway.Act, error) {
	ctx, err := a.may(ctx, ReadWholeAudit, "", "")
	if err != nil {
		return nil, err
	}
	page, err := bus.Call[[]audit.Entry](ctx, a.bus, service, run.ListAudit, audit.Page{All: true, After: after, Limit: limit})
	acts := make([]gateway.Act, len(page))
	for i, e := range page {
		acts[i] = gateway.Act{Service: service, Entry: e}
	}
	return acts, err
}

// AuditReports tells of each room whether its audit log is what was recorded.
func (a *App) AuditReports(ctx context.Context) ([]audit.Report, error) {
	ctx, err := a.may(ctx, CheckAudit, "", "")
	if err != nil {
		return nil, err
	}
	reports := []audit.Report{}
	for _, service := range event.Services() {
		report, err := bus.Call[audit.Report](ctx, a.bus, service, run.CheckAudit, struct{}{})
		if err != nil {
			return nil, err
		}
		reports = append(reports, report)
	}
	return reports, nil
}

// Erasures tells what was erased in a selection because its time was over.
func (a *App) Erasures(ctx context.Context, slug string) ([]gateway.Erasure, error) {
	ctx, err := a.may(ctx, ReadErasures, slug, "")
	if err != nil {
		return nil, err
	}
	if err := a.known(ctx, slug); err != nil {
		return nil, err
	}
	return a.erasures(ctx, slug)
}

// CommonErasures tells what was erased of what belongs to no selection, such as
// sign-ins.
func (a *App) CommonErasures(ctx context.Context) ([]gateway.Erasure, error) {
	ctx, err := a.may(ctx, ReadWholeAudit, "", "")
	if err != nil {
		return nil, err
	}
	return a.erasures(ctx, "")
}

func (a *App) erasures(ctx context.Context, slug string) ([]gateway.Erasure, error) {
	all := []gateway.Erasure{}
	for _, service := range event.Services() {
		erased, err := bus.Call[[]retention.Erased](ctx, a.bus, service, run.ListErasures, run.Of{Slug: slug})
		if err != nil {
			return nil, err
		}
		for _, e := range erased {
			all = append(all, gateway.Erasure{Service: service, Erased: e})
		}
	}
	slices.SortStableFunc(all, func(a, b gateway.Erasure) int { return a.At.Compare(b.At) })
	return all, nil
}
