package scenarios

// senderReuse holds what a sender carries from one connection or mail to another.
func senderReuse() []Case {
	return []Case{}
}
