package harness_test

// sessionCaptures are the captures of the twins of that name in fakes.
func sessionCaptures() map[string][]capture { return map[string][]capture{} }
