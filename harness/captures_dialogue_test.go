package harness_test

// dialogueCaptures are the captures of the twins of that name in fakes.
func dialogueCaptures() map[string][]capture { return map[string][]capture{} }
