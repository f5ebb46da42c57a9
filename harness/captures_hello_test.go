package harness_test

// helloCaptures are the captures of the twins of that name in fakes.
func helloCaptures() map[string][]capture {
	return map[string][]capture{
		"segments-not-joined":            {{"hello/segments-not-joined", "alert decode_error(50)"}},
		"records-not-joined":             {{"hello/records-not-joined", "in 3 records: no handshake: the target sent alert decode_error(50)"}},
		"grease-refused":                 {{"hello/grease-not-ignored", "alert decode_error(50)"}},
		"grease-suite-chosen":            {{"hello/grease-not-ignored", "the target chose GREASE(0x2a2a)"}},
		"grease-group-chosen":            {{"hello/grease-not-ignored", "the target chose GREASE(0x3a3a)"}},
		"ssl3-accepted":                  {{"hello/ssl-accepted/ssl3", "chose TLS ssl3"}},
		"ssl2-accepted":                  {{"hello/ssl-accepted/ssl2", "a SERVER-HELLO of SSL 2.0"}},
		"rc4-accepted":                   {{"hello/weak-suite-accepted/rc4", "TLS_ECDHE_RSA_WITH_RC4_128_SHA"}},
		"export-accepted":                {{"hello/weak-suite-accepted/export", "TLS_RSA_EXPORT_WITH_RC4_40_MD5"}},
		"null-accepted":                  {{"hello/weak-suite-accepted/null", "TLS_RSA_WITH_NULL_SHA256"}},
		"3des-accepted":                  {{"hello/3des-accepted", "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"}},
		"static-rsa-accepted":            {{"hello/static-rsa-accepted", "TLS_RSA_WITH_AES_128_GCM_SHA256"}},
		"short-dhe-prime":                {{"hello/short-dhe-prime", "a prime of 1024 bits"}},
		"compression-chosen":             {{"hello/compression-chosen", "with compression DEFLATE"}},
		"extended-master-secret-missing": {{"hello/extended-master-secret-missing", "extensions: renegotiation_info"}},
	}
}
