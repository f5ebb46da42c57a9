package receiver

import "testing"

func TestPrimes(t *testing.T) {
	for asked, want := range map[int]int{0: 2048, 512: 512} {
		p, err := primeOf(asked)
		if err != nil || p.BitLen() != want || !p.ProbablyPrime(20) {
			t.Errorf("%d: %d bits, prime is %v, %v", asked, p.BitLen(), p.ProbablyPrime(1), err)
		}
	}
}
