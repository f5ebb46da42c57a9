package fakes

// dialogueTwins are the broken twins for the cases about commands, injection, gates and logins.
func dialogueTwins() []Model { return nil }
