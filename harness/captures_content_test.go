package harness_test

// contentCaptures are the captures of the twins of that name in fakes.
func contentCaptures() map[string][]capture { return map[string][]capture{} }
