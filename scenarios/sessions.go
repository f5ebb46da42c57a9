package scenarios

// resumption holds the cases about resumed TLS sessions, server names and ALPN.
func resumption() []Case { return nil }
