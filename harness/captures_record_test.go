package harness_test

// recordCaptures are the captures of the twins of that name in fakes.
func recordCaptures() map[string][]capture { return map[string][]capture{} }
