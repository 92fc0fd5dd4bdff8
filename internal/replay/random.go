package replay

import "math/rand/v2"

// mix turns a seed and any number of parts into a number that looks random: the finaliser of SplitMix64 over each. What a person is
// like is such a number, so that it need not be stored.
func mix(seed uint64, parts ...uint64) uint64 {
	h := seed
	for _, p := range parts {
		h += p*0x9e3779b97f4a7c15 + 0x632be59bd9b4e019
		h ^= h >> 30
		h *= 0xbf58476d1ce4e5b9
		h ^= h >> 27
		h *= 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}

// dice is a stream of random numbers for one part of the plan; parts do not share a stream, so that a change in one leaves the
// others as they were.
type dice struct{ *rand.Rand }

func newDice(seed uint64, part string) dice {
	h := uint64(len(part))
	for _, c := range []byte(part) {
		h = mix(h, uint64(c))
	}
	return dice{rand.New(rand.NewPCG(seed, h))}
}

// permille is true n times out of a thousand.
func (d dice) permille(n int) bool { return d.IntN(1000) < n }

// between returns a number from a to b, both included.
func (d dice) between(a, b int) int {
	if b <= a {
		return a
	}
	return a + d.IntN(b-a+1)
}

// weighted returns an index with the probability of its weight.
func (d dice) weighted(weights []int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := d.IntN(sum)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// share divides n into parts by weight so that they add up to n exactly: each gets its part of what is left.
func share(n int, weights []int) []int {
	left := 0
	for _, w := range weights {
		left += w
	}
	parts := make([]int, len(weights))
	for i, w := range weights {
		if left == 0 {
			break
		}
		parts[i] = (2*n*w + left) / (2 * left)
		n -= parts[i]
		left -= w
	}
	return parts
}
