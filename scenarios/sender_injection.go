package scenarios

// senderInjection holds the cases in which replies come that nobody asked for.
func senderInjection() []Case {
	return []Case{}
}
