package scenarios

// published holds the cases about what a domain publishes about its TLS.
func published() []Case { return nil }
