package casting

import "context"

// judge decides which ballots are to be written.
func (t *transaction) judge(ctx context.Context) error {
	var adders []*item
	first := make(map[place]bool, len(t.items))
	for _, it := range t.items {
		if it.settled {
			continue
		}
		f := it.box.gate(it)
		adds := f == nil && it.box.rules.Adds()
		if f == nil && !adds {
			f = it.box.check(it, nil)
		}
		if f != nil {
			it.refuse(f)
			t.recall(it)
			continue
		}
		it.place = t.at(it, it.box.period)
		switch {
		case adds:
			adders = append(adders, it)
		case first[it.place]: // a repeat in this batch
			t.asks = append(t.asks, ask{it, []place{it.place}})
		default:
			first[it.place] = true
			it.box.put(it)
		}
	}
	return t.add(ctx, adders)
}

// recall asks whether a refused ballot that has a key was counted before: the
// caller who lost the answer gets it, though the vote has closed since. The
// period may have ended too.
func (t *transaction) recall(it *item) {
	if it.key == nil || it.box == nil {
		return
	}
	places := []place{t.at(it, it.box.period)}
	if it.box.rules.Daily() {
		places = append(places, t.at(it, it.box.period-1))
	}
	t.asks = append(t.asks, ask{it, places})
}

// add numbers further ballots of voters who may cast the rest of their picks
// later. It decides on what it read, and the unique part makes that hold: had
// another replica added one, the insert would fall out.
func (t *transaction) add(ctx context.Context, adders []*item) error {
	if len(adders) == 0 {
		return nil
	}
	asks := make([]ask, len(adders))
	for i, it := range adders {
		asks[i] = ask{it, []place{it.place}}
	}
	rows, err := t.find(ctx, asks)
	if err != nil {
		return err
	}
	for _, it := range adders {
		earlier := rows[it.place]
		if r, ok := same(it, earlier); ok {
			it.settle(r)
			continue
		}
		picked := picksOf(earlier)
		if len(earlier) > 0 && len(picked) >= it.box.rules.Picks().Max {
			it.refuse(duplicate(earlier))
			continue
		}
		if f := it.box.check(it, picked); f != nil {
			it.refuse(f)
			continue
		}
		it.part = len(earlier)
		it.box.put(it)
		rows[it.place] = append(earlier, it.row())
	}
	return nil
}

// row is the ballot as it will be in the database.
func (it *item) row() row {
	r := row{Batch: it.box.Batch, Rank: it.rank, Salt: it.salt, Key: it.key, CommittedAt: it.box.Now}
	for _, n := range it.picks {
		r.Picks = append(r.Picks, int32(n))
	}
	return r
}

func picksOf(rows []row) []int {
	var picks []int
	for _, r := range rows {
		for _, n := range r.Picks {
			picks = append(picks, int(n))
		}
	}
	return picks
}

// recognize finds the ballots that the try before this one wrote after all.
func (t *transaction) recognize(ctx context.Context) error {
	var asks []ask
	for _, it := range t.items {
		if it.tried != nil {
			asks = append(asks, ask{it, []place{*it.tried}})
		}
	}
	rows, err := t.find(ctx, asks)
	if err != nil {
		return err
	}
	for _, a := range asks {
		for _, r := range rows[a.places[0]] {
			if r.is(a.it) {
				a.it.settle(r.result(false))
			}
		}
	}
	return nil
}
