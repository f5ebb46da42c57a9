package scenarios

// records holds the cases about TLS records after the handshake.
func records() []Case { return nil }
