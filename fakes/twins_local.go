package fakes

// localTwins are the broken twins for the cases about local delivery.
func localTwins() []Model {
	return []Model{
		twin("lmtp-one-reply", "submission", "Gives one reply to a message by LMTP, however many recipients it accepted.",
			local(func(p *Profile) { p.Omit = []Omit{OmitRecipients} })),
		twin("lmtp-one-reply-for-mailboxes", "access", "Serves mailboxes, and gives one reply to a message by LMTP, however many recipients it accepted.",
			local(func(p *Profile) { p.Omit = []Omit{OmitRecipients} })),
		twin("lmtp-buffer-kept", "access", "Runs inside TLS what came behind STARTTLS in clear, on its LMTP listener.",
			local(func(p *Profile) { p.Keep = []Keep{KeepBuffer} })),
	}
}

// local changes the profile of the LMTP listener.
func local(change func(*Profile)) func(*Model) {
	return func(m *Model) { change(m.LMTP) }
}
