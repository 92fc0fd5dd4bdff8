package store_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"timebank/internal/store"
)

// TestGatherRunsGroupsBeside: as many groups run at once as there are lanes, the next begins with the end of one, and each caller gets the
// answer to its own element.
func TestGatherRunsGroupsBeside(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		odd := errors.New("odd")
		var begun []int
		var end, answer [3]chan error
		for i := range end {
			end[i], answer[i] = make(chan error), make(chan error, 1)
		}
		g := store.NewGather(1, 2, func(_ context.Context, group []int) ([]error, error) {
			begun = append(begun, group[0])
			return []error{<-end[group[0]]}, nil
		})
		for i := range answer {
			go func() { answer[i] <- g.Do(t.Context(), i) }()
			synctest.Wait()
		}
		if want := []int{0, 1}; !slices.Equal(begun, want) {
			t.Fatalf("%v began, want %v: one beside the other, and no third", begun, want)
		}
		end[1] <- odd
		synctest.Wait()
		if want := []int{0, 1, 2}; !slices.Equal(begun, want) {
			t.Fatalf("%v began after the end of the second, want %v", begun, want)
		}
		end[0] <- nil
		end[2] <- nil
		for i, want := range []error{nil, odd, nil} {
			if err := <-answer[i]; !errors.Is(err, want) {
				t.Errorf("element %d: %v, want %v", i, err, want)
			}
		}
	})
}

// TestGatherAnswersEverybody: however groups follow each other, nobody is left waiting and never do more run than there are lanes.
func TestGatherAnswersEverybody(t *testing.T) {
	t.Parallel()
	for _, lanes := range []int{1, 3} {
		var mu sync.Mutex
		running, most := 0, 0
		seen := map[int]int{}
		count := func(by int) {
			mu.Lock()
			defer mu.Unlock()
			running += by
			most = max(most, running)
		}
		g := store.NewGather(5, lanes, func(_ context.Context, group []int) ([]error, error) {
			count(1)
			defer count(-1)
			mu.Lock()
			defer mu.Unlock()
			for _, one := range group {
				seen[one]++
			}
			return make([]error, len(group)), nil
		})
		var wg sync.WaitGroup
		for c := range 16 {
			wg.Go(func() {
				for i := range 200 {
					if err := g.Do(t.Context(), c*200+i); err != nil {
						t.Errorf("element %d: %v", c*200+i, err)
					}
				}
			})
		}
		wg.Wait()
		if len(seen) != 16*200 {
			t.Errorf("%d elements were run, want %d", len(seen), 16*200)
		}
		for one, n := range seen {
			if n != 1 {
				t.Errorf("element %d was run %d times", one, n)
			}
		}
		if most > lanes {
			t.Errorf("%d groups ran at once, want at most %d", most, lanes)
		}
	}
}
