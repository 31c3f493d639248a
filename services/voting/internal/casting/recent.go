package casting

import (
	"time"

	"github.com/laurel-awards/laurel/services/voting/internal/secret"
)

// maxRecent bounds the ballots that are remembered: some seconds of a busy vote, in
// about 5 MB.
const maxRecent = 1 << 15

// recent are the ballots that this process counted last, so that a voter who comes
// back a moment later costs no write, and beside ballots that are written no query. What is said of them never
// changes. The zero value remembers none yet.
type recent struct {
	at      map[secret.Pseudonym]int32 // by voter, who has another name in each selection and period
	ballots []remembered               // a ring: the oldest is at next once it is full
	next    int
}

// remembered is what the database has of a ballot.
type remembered struct {
	voter secret.Pseudonym
	salt  [saltSize]byte
	key   [keySize]byte
	batch int64
	rank  int
	at    time.Time
	picks []int
}

// add remembers a ballot that is counted, and forgets the oldest.
func (r *recent) add(it *item) {
	if r.ballots == nil {
		r.at, r.ballots = make(map[secret.Pseudonym]int32, maxRecent), make([]remembered, maxRecent)
	}
	b, old := it.ballot, &r.ballots[r.next]
	delete(r.at, old.voter)
	*old = remembered{it.slot.voter, b.salt, [keySize]byte(b.cast.Key[:]), it.result.batch, it.result.rank, it.result.counted, b.picks}
	r.at[it.slot.voter] = int32(r.next)
	r.next = (r.next + 1) % maxRecent
}

// answer settles a ballot whose voter's is remembered, and tells whether it is.
func (r *recent) answer(it *item) bool {
	i, ok := r.at[it.slot.voter]
	if !ok || sharesCode(it.ballot) { // whether the code is still good, the write tells
		return false
	}
	was := &r.ballots[i]
	there := []row{{Batch: was.batch, Rank: was.rank, Salt: was.salt[:], Key: was.key[:], CommittedAt: was.at}}
	for _, n := range was.picks {
		there[0].Picks = append(there[0].Picks, int32(n))
	}
	if result, ok := same(it.ballot, there); ok {
		it.settle(result)
	} else {
		it.refuse(duplicate(it.ballot, there))
	}
	return true
}
