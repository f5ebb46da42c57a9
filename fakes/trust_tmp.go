package fakes

import "mailtls/results"

func (c Cert) TrustedBy(v results.Verify) (trusted, known bool) {
	switch c {
	case "", CertValid, CertWildcard:
		return true, true
	case CertCNOnly:
		return false, false
	}
	return v == results.VerifyNone || v == results.VerifyChain && c == CertWrongName, true
}
