package rulebook_test

import (
	"errors"
	"testing"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

func TestCache(t *testing.T) {
	var c rulebook.Cache
	reads := 0
	read := func() ([]byte, error) {
		reads++
		return []byte("laurel: 1\ntitle: {zh: 评选}\n"), nil
	}
	lost := errors.New("lost")
	if _, err := c.Parse("a", func() ([]byte, error) { return nil, lost }); !errors.Is(err, lost) {
		t.Errorf("an error of reading came as %v", err)
	}
	first, err := c.Parse("a", read)
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.Parse("a", read)
	if err != nil || again != first || reads != 1 {
		t.Errorf("read %d times for one hash; %v", reads, err)
	}
	if other, err := c.Parse("b", read); err != nil || other == first || reads != 2 {
		t.Errorf("another hash: read %d times; %v", reads, err)
	}
	if _, err := c.Parse("c", func() ([]byte, error) { return []byte("laurel: 2"), nil }); err == nil {
		t.Error("a bad rulebook was taken")
	}
}
