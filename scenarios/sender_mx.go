package scenarios

// senderMX holds how a sender chooses among hosts.
func senderMX() []Case {
	return []Case{}
}
