package targets

import "testing"

// TestNamesAreOfOneTarget: a model must not stand before real software of its name.
func TestNamesAreOfOneTarget(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Products() {
		all = append(all, p)
	}
	seen := map[string]bool{}
	for _, target := range all {
		name := target.Spec().Name
		if seen[name] {
			t.Errorf("%s names two targets", name)
		}
		seen[name] = true
	}
}
