package fakes

// sessionTwins are the broken twins for the cases about resumption and client certificates.
func sessionTwins() []Model { return nil }
