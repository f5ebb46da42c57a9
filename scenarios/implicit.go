package scenarios

// implicit holds the cases about listeners that speak TLS first.
func implicit() []Case { return nil }
