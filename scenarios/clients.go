package scenarios

// clientCertificates holds the cases about client certificates and partner connectors.
func clientCertificates() []Case { return nil }
