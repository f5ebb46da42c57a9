package scenarios

// contents holds the cases about message content inside TLS.
func contents() []Case { return nil }
