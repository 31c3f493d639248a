package bench

import (
	"context"
	"fmt"
	mathrand "math/rand/v2"

	"github.com/jmoiron/sqlx"
)

// many casts into many open selections at once, in turn with one, and prints how
// much of its rate is left.
func (b *bench) many(ctx context.Context) error {
	for _, n := range b.Selections {
		slugs, err := b.beside(ctx, n-1)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%d selections", n)
		if b.targets[name], err = voters(name, b.one, b.numbers, slugs...); err != nil {
			return err
		}
		for _, conns := range b.Conns {
			if _, err := b.targets[name].run(ctx, conns, b.Span, false); err != nil { // each selection is read once
				return err
			}
			loads, err := b.rounds(ctx, conns, laurel, name)
			if err != nil {
				return err
			}
			fmt.Printf("%d open selections, %d connections: %.0f ballots/s, %.2f of those of one.\n",
				n, conns, rate(loads[name]), share(loads[name], loads[laurel]))
		}
	}
	return nil
}

// beside opens selections like the bench's, as the voting room knows them, until
// there are so many, and gives the slugs of all.
func (b *bench) beside(ctx context.Context, n int) (slugs []string, err error) {
	slugs = append(slugs, b.slug)
	err = database(ctx, b.one, func(db *sqlx.DB) error {
		for i := range n {
			slug := fmt.Sprintf("%s-%d", b.slug, i)
			slugs = append(slugs, slug)
			if _, err := db.ExecContext(ctx, `
				WITH s AS (
				    INSERT INTO selection SELECT c.* FROM selection s, jsonb_populate_record(s, jsonb_build_object('slug', $2::text)) c
				    WHERE s.slug = $1 ON CONFLICT DO NOTHING RETURNING slug
				), v AS (
				    INSERT INTO voting (slug, key_check, opened_at, roll, replaced)
				    SELECT s.slug, key_check, opened_at, roll, replaced FROM s, voting v WHERE v.slug = $1 RETURNING id
				), c AS (
				    INSERT INTO candidate (slug, number, category) SELECT s.slug, number, category FROM s, candidate c WHERE c.slug = $1
				)
				INSERT INTO head (selection, next_index) SELECT id, 0 FROM v`, b.slug, slug); err != nil {
				return fmt.Errorf("open %s: %w", slug, err)
			}
		}
		return nil
	})
	return slugs, err
}

// oneOf makes requests of one of these, at random.
func oneOf(makers []func(dst []byte) []byte) func(dst []byte) []byte {
	return func(dst []byte) []byte { return makers[mathrand.IntN(len(makers))](dst) }
}
