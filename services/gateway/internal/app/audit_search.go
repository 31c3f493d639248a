package app

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/selection"
)

// FindAudit gives the newest acts of staff in a selection that a search finds,
// after those that came up to a mark of it, and the mark where there are more.
// Each service is asked once.
func (a *App) FindAudit(ctx context.Context, slug string, find audit.Search, mark string, limit int) (acts []gateway.Act, next string, err error) {
	if ctx, err = a.may(ctx, ReadAudit, slug, ""); err != nil {
		return nil, "", err
	}
	if err := a.known(ctx, slug); err != nil {
		return nil, "", err
	}
	return a.findAudit(ctx, slug, find, mark, limit)
}

func (a *App) findAudit(ctx context.Context, slug string, find audit.Search, mark string, limit int) (acts []gateway.Act, next string, err error) {
	at, service, id := readMark(mark)
	for _, one := range event.Services() {
		page := audit.Page{Slug: slug, Search: find, Limit: limit + 1, Newest: true, Before: at}
		switch c := strings.Compare(one, service); {
		case c == 0:
			page.BeforeID = id
		case c > 0: // of acts at the same time, those of services before it have come
			page.BeforeID = math.MaxInt64
		}
		found, err := bus.Call[[]audit.Entry](ctx, a.bus, one, run.ListAudit, page)
		if err != nil {
			return nil, "", err
		}
		for _, e := range found {
			acts = append(acts, gateway.Act{Service: one, Entry: e})
		}
	}
	slices.SortFunc(acts, func(x, y gateway.Act) int {
		if c := y.At.Compare(x.At); c != 0 {
			return c
		}
		if c := strings.Compare(x.Service, y.Service); c != 0 {
			return c
		}
		return int(y.ID - x.ID)
	})
	if len(acts) > limit {
		acts = acts[:limit]
		next = markOf(acts[limit-1])
	}
	return acts, next, nil
}

// markOf names an act in the order of time; readMark reads it, and takes what is
// none as the beginning.
func markOf(act gateway.Act) string {
	return fmt.Sprintf("%d.%s.%d", act.At.UnixMicro(), act.Service, act.ID)
}

func readMark(mark string) (at *time.Time, service string, id int64) {
	parts := strings.Split(mark, ".")
	if len(parts) != 3 {
		return nil, "", 0
	}
	micro, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || micro < 0 || micro > 1e17 {
		return nil, "", 0
	}
	if id, err = strconv.ParseInt(parts[2], 10, 64); err != nil {
		return nil, "", 0
	}
	t := time.UnixMicro(micro).UTC()
	return &t, parts[1], id
}

// ExportAudit writes all acts that a search finds as CSV, newest first, and
// records that it did.
func (a *App) ExportAudit(ctx context.Context, slug string, find audit.Search) ([]byte, error) {
	ctx, err := a.may(ctx, ReadAudit, slug, "")
	if err != nil {
		return nil, err
	}
	if _, err := a.selection.RecordExport(ctx, selection.RecordExport{Slug: slug, File: "audit"}); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	out := table.NewCSV(&b)
	if err := out.Write("at", "service", "id", "kind", "account", "name", "act", "reason", "detail", "request"); err != nil {
		return nil, err
	}
	for mark := ""; ; {
		acts, next, err := a.findAudit(ctx, slug, find, mark, 499)
		if err != nil {
			return nil, err
		}
		for _, e := range acts {
			if err := out.Write(e.At.UTC().Format(time.RFC3339Nano), e.Service, strconv.FormatInt(e.ID, 10), string(e.Kind), e.Actor, e.Name, e.Act,
				e.Reason, string(e.Detail), e.Request); err != nil {
				return nil, err
			}
		}
		if mark = next; mark == "" {
			err := out.Flush()
			return b.Bytes(), err
		}
	}
}
