package rulebook

import "slices"

func (r *reader) composite(f field, rb *Rulebook) Composite {
	f = f.mapping("round", "components", "tie_break", "lot")
	return Composite{
		Round:      r.rounding(f.get("round")),
		Components: r.components(f.get("components"), rb),
		TieBreak:   r.tieBreak(f.get("tie_break"), rb),
		Lot:        r.lot(f.get("lot")),
	}
}

func (r *reader) components(f field, rb *Rulebook) []Component {
	var components []Component
	once := unique()
	weighs := false
	for _, item := range f.all() {
		item = item.mapping("source", "weight", "convert", "per", "method")
		source := item.get("source")
		c := Component{Weight: item.get("weight").atLeastZero(Whole(1))}
		if source.require() {
			c.Source = r.source(source, rb, SourceVotes, SourcePanels, SourceRanked)
			once(source, c.Source)
		}
		weighs = weighs || c.Weight.Sign() > 0
		if c.Source == SourceRanked {
			r.ranked(item, &c, len(f.items))
		} else {
			r.converted(item, &c)
		}
		components = append(components, c)
	}
	if f.has() && f.some("a composite has at least one component") && len(components) > 0 && !weighs {
		f.fail("weights_zero", "the weights sum to 0")
	}
	return components
}

// source reads one of the words, or the name of a panel.
func (r *reader) source(f field, rb *Rulebook, words ...string) string {
	f.note(KindText)
	if !f.is(scalar) {
		return ""
	}
	id, isPanel := SourcePanel(f.text)
	switch _, known := rb.Review.Panel(id); {
	case isPanel && !known:
		f.fail("not_in_rulebook", `there is no panel "{value}"`, "value", escaped(id))
	case !isPanel && !slices.Contains(words, f.text):
		f.notOneOf(append(slices.Clone(words), PanelSource("ID")))
	case f.text == SourcePanels && len(rb.Review.Panels) == 0:
		f.fail("panels_missing", "there are no panels")
	}
	return f.text
}

func (r *reader) ranked(f field, c *Component, components int) {
	if components > 1 {
		f.get("source").fail("ranked_not_alone", "ranked ballots give a ranking, not points: this component must be the only one")
	}
	if method := f.get("method"); method.require() {
		c.Method = method.choice("", MethodSchulze, MethodIRV)
	}
	for _, key := range []string{"weight", "convert", "per"} {
		if at := f.get(key); at.has() {
			at.fail("not_with_method", "ranked ballots have no {key}", "key", key, "method", SourceRanked)
		}
	}
}

func (r *reader) converted(f field, c *Component) {
	f.get("method").note(KindChoice, MethodSchulze, MethodIRV)
	if method := f.get("method"); method.has() {
		method.fail("only_with_ranked", "only source ranked has a method; did you mean convert.method?")
	}
	per := f.get("per")
	c.Per = per.choice("", PerConstituency, PerPanel)
	switch {
	case c.Per == PerConstituency && c.Source != SourceVotes:
		per.fail("only_with_source", "only votes are counted by constituency", "source", SourceVotes)
	case c.Per == PerPanel && c.Source != SourcePanels:
		per.fail("only_with_source", "only source panels is converted panel by panel", "source", SourcePanels)
	}
	c.Convert = r.convert(f.get("convert"))
}

func (r *reader) convert(f field) Convert {
	f = f.mapping("method", "top", "factor", "cap", "bands", "points", "ties")
	c := Convert{Method: f.get("method").choice(ConvertNone,
		ConvertNone, ConvertProportional, ConvertCapped, ConvertBanded, ConvertRank, ConvertPoints)}
	if f.has() && !f.get("method").require() {
		return c
	}
	belong := map[string][]string{
		ConvertProportional: {"top"},
		ConvertCapped:       {"factor", "cap"},
		ConvertBanded:       {"bands"},
		ConvertRank:         {"top", "ties"},
		ConvertPoints:       {"points", "ties"},
	}[c.Method]
	for _, key := range []string{"top", "factor", "cap", "bands", "points", "ties"} {
		if at := f.get(key); at.has() && !slices.Contains(belong, key) {
			at.fail("not_with_method", "method {method} has no {key}", "method", c.Method, "key", key)
		}
	}
	for _, key := range []string{"top", "factor", "cap"} {
		f.get(key).note(KindNumber)
	}
	f.get("ties").note(KindChoice, TiesAverage, TiesSame)
	bands, points := r.bands(f.get("bands")), r.points(f.get("points"))
	switch c.Method {
	case ConvertProportional:
		c.Top = r.positive(f.get("top"), Whole(100))
	case ConvertCapped:
		c.Factor, c.Cap = r.positive(f.get("factor"), Whole(1)), r.positive(f.get("cap"), Number{})
		f.get("cap").require()
	case ConvertBanded:
		c.Bands = bands
		f.get("bands").some("has no bands")
	case ConvertRank:
		c.Top = r.positive(f.get("top"), Whole(100))
		c.Ties = f.get("ties").choice(TiesAverage, TiesAverage, TiesSame)
	case ConvertPoints:
		c.Points = points
		f.get("points").some("has no points")
		c.Ties = f.get("ties").choice(TiesAverage, TiesAverage, TiesSame)
	}
	return c
}

func (r *reader) positive(f field, def Number) Number {
	n := f.atLeastZero(def)
	if n.IsSet() && n.Sign() == 0 {
		f.fail("not_above_zero", "is 0", "value", n)
	}
	return n
}

func (r *reader) bands(f field) []Band {
	var bands []Band
	for _, item := range f.all() {
		item = item.mapping("from", "score")
		from, score := item.get("from"), item.get("score")
		from.require()
		score.require()
		b := Band{From: from.atLeastZero(Number{}), Score: score.number()}
		if n := len(bands); n > 0 && b.From.IsSet() && b.From.Cmp(bands[n-1].From) <= 0 {
			from.fail("bands_out_of_order", "bands are out of order: {value} is not above {before}", "value", b.From, "before", bands[n-1].From)
		}
		bands = append(bands, b)
	}
	return bands
}

func (r *reader) points(f field) []Number {
	var points []Number
	for _, item := range f.all() {
		n := item.atLeastZero(Number{})
		if k := len(points); k > 0 && n.Cmp(points[k-1]) > 0 {
			item.fail("points_out_of_order", "points are out of order: rank {rank} gets more than rank {before}", "rank", k+1, "before", k)
		}
		points = append(points, n)
	}
	return points
}

func (r *reader) tieBreak(f field, rb *Rulebook) []string {
	var chain []string
	once := unique()
	for i, item := range f.all() {
		criterion := r.source(item, rb, SourceVotes, SourcePanels, SourceLot)
		once(item, criterion)
		if criterion == SourceLot && i < len(f.items)-1 {
			item.fail("lot_not_last", "nothing comes after the lot: it leaves no tie")
		}
		chain = append(chain, criterion)
	}
	return chain
}

func (r *reader) lot(f field) Lot {
	f = f.mapping("value", "source")
	if f.get("value").has() && f.get("source").has() {
		f.get("source").fail("lot_twice", "a lot has either a value or a source")
	}
	return Lot{Value: f.get("value").words(), Source: f.get("source").localized()}
}
