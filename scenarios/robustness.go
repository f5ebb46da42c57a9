package scenarios

// robustness holds the cases about clients that burden a server or break off.
func robustness() []Case { return nil }
