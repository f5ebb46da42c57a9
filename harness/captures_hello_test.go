package harness_test

// helloCaptures are the captures of the twins of that name in fakes.
func helloCaptures() map[string][]capture { return map[string][]capture{} }
