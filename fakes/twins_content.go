package fakes

// contentTwins are the broken twins for the cases about content and robustness.
func contentTwins() []Model { return nil }
