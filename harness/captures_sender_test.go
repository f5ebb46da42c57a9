package harness_test

// sendingCaptures are the captures of the twins of that name in fakes.
func sendingCaptures() map[string][]sendingCapture {
	return map[string][]sendingCapture{
		"never-upgrades":  {{"dialogue/offered", "may", "sent in clear"}, {"dialogue/offered", "encrypt", "bytes in clear"}},
		"falls-back":      {{"handshake/reset", "encrypt", "bytes in clear"}, {"handshake/reset", "may-never", "clear on a new connection"}},
		"loses":           {{"dialogue/not-offered", "encrypt", "neither delivered nor given back"}},
		"twice":           {{"dialogue/offered", "encrypt", "was taken over 2 times"}},
		"bounces-454":     {{"refusals/454", "encrypt", "given back (B)"}},
		"never-retries":   {{"dialogue/not-offered", "encrypt", "given back (B)"}},
		"no-notice":       {{"dialogue/not-offered", "encrypt", "neither delivered nor given back"}},
		"retries-forever": {{"dialogue/not-offered", "encrypt", "neither delivered nor given back"}},
		"loops-starttls":  {{"refusals/454", "may", "4 times on connection"}},
	}
}
