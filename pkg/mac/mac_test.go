package mac_test

import (
	"encoding/hex"
	"strings"
	"sync"
	"testing"

	"github.com/laurel-awards/laurel/pkg/mac"
)

// TestKey has the vectors of RFC 4231, test cases 1, 2 and 6, each many times
// over at once.
func TestKey(t *testing.T) {
	for _, c := range []struct{ key, message, want string }{
		{strings.Repeat("\x0b", 20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{strings.Repeat("\xaa", 131), "Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	} {
		key := mac.New([]byte(c.key))
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 100 {
					key.Sum([]byte("another message, which leaves nothing behind"))
					if sum := key.Sum([]byte(c.message)); hex.EncodeToString(sum[:]) != c.want {
						t.Errorf("%q: %x", c.message, sum)
					}
				}
			})
		}
		all.Wait()
	}
}

func BenchmarkKey(b *testing.B) {
	key, message := mac.New(make([]byte, 32)), make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		key.Sum(message)
	}
}
