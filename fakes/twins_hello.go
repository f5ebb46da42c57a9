package fakes

// helloTwins are the broken twins for the cases about hellos and versions.
func helloTwins() []Model { return nil }
