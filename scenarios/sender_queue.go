package scenarios

// senderQueue holds what becomes of mail that waits.
func senderQueue() []Case {
	return []Case{}
}
