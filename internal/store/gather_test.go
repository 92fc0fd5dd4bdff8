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

// TestGatherHandsOver: the next group begins while the one before is being written, a third waits for the first, and each caller gets the
// answer to its own element.
func TestGatherHandsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		odd := errors.New("odd")
		var begun []int
		var decided, end, answer [3]chan error
		for i := range end {
			decided[i], end[i], answer[i] = make(chan error), make(chan error), make(chan error, 1)
		}
		g := store.NewGather(1, func(_ context.Context, group []int, next func()) ([]error, error) {
			begun = append(begun, group[0])
			<-decided[group[0]]
			next()
			next()
			return []error{<-end[group[0]]}, nil
		})
		for i := range answer {
			go func() { answer[i] <- g.Do(t.Context(), i) }()
			synctest.Wait()
		}
		if want := []int{0}; !slices.Equal(begun, want) {
			t.Fatalf("%v began, want %v: the first has not decided", begun, want)
		}
		decided[0] <- nil
		synctest.Wait()
		decided[1] <- nil
		synctest.Wait()
		if want := []int{0, 1}; !slices.Equal(begun, want) {
			t.Fatalf("%v began, want %v: one beside the other, and no third", begun, want)
		}
		end[0] <- nil
		synctest.Wait()
		if want := []int{0, 1, 2}; !slices.Equal(begun, want) {
			t.Fatalf("%v began after the end of the first, want %v", begun, want)
		}
		end[1] <- odd
		decided[2] <- nil
		end[2] <- nil
		for i, want := range []error{nil, odd, nil} {
			if err := <-answer[i]; !errors.Is(err, want) {
				t.Errorf("element %d: %v, want %v", i, err, want)
			}
		}
	})
}

// TestGatherAnswersEverybody: however groups follow each other, nobody is left waiting and never do more than two run.
func TestGatherAnswersEverybody(t *testing.T) {
	t.Parallel()
	for _, hands := range []bool{false, true} {
		var mu sync.Mutex
		running, most := 0, 0
		seen := map[int]int{}
		count := func(by int) {
			mu.Lock()
			defer mu.Unlock()
			running += by
			most = max(most, running)
		}
		g := store.NewGather(5, func(_ context.Context, group []int, next func()) ([]error, error) {
			count(1)
			defer count(-1)
			if hands && group[0]%3 > 0 {
				next()
			}
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
		if limit := map[bool]int{false: 1, true: 2}[hands]; most > limit {
			t.Errorf("%d groups ran at once, want at most %d", most, limit)
		}
	}
}
