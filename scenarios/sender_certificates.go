package scenarios

// senderCertificates holds what a sender makes of certificates.
func senderCertificates() []Case {
	return []Case{}
}
