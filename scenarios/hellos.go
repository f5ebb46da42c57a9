package scenarios

// hellos holds the cases about what a ClientHello can offer that no ordinary client does.
func hellos() []Case { return nil }
