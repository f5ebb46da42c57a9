package harness_test

// localCaptures are the captures of the twins of that name in fakes.
func localCaptures() map[string][]capture {
	const alone = "recipients: 3, replies for them: 1"
	return map[string][]capture{
		"lmtp-one-reply":               {{"lmtp/replies-missing", alone}},
		"lmtp-one-reply-for-mailboxes": {{"lmtp/replies-missing", alone}},
		"lmtp-buffer-kept":             {{"lmtp/injection", "unasked, the target sent"}},
	}
}
