package fakes

// recordTwins are the broken twins for the cases about records after the handshake.
func recordTwins() []Model { return nil }
