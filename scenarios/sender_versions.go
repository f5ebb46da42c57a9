package scenarios

// senderVersions holds what a sender offers and takes of versions, suites and parameters.
func senderVersions() []Case {
	return []Case{}
}
