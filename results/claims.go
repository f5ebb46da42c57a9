package results

import "slices"

// Feature is one thing a target says of itself. A case that needs a feature
// which is not claimed is "na", never "pass".
type Feature string

// The features that receivers claim.
const (
	FeatureStartTLS     Feature = "starttls"       // offers STARTTLS
	FeatureTLSOff       Feature = "tls-off"        // has TLS switched off
	FeatureTLSBroken    Feature = "tls-broken"     // has TLS configured so that it cannot work
	FeaturePublicMX     Feature = "public-mx"      // takes mail for local domains in clear (RFC 3207 §4)
	FeatureRequireTLS   Feature = "require-tls"    // refuses mail in clear (RFC 3207 §4: 530)
	FeatureModern       Feature = "modern"         // nothing below TLS 1.2 (RFC 9325 §3.1.1)
	FeatureLegacyMX     Feature = "legacy-mx"      // keeps TLS 1.0 or 1.1 for old peers
	FeatureLegacyOnly   Feature = "legacy-only"    // speaks nothing newer than TLS 1.1
	FeatureAuthAfterTLS Feature = "auth-after-tls" // offers AUTH inside TLS only (RFC 4954 §4)
	FeatureSubmission   Feature = "submission"     // has a submission listener (RFC 6409)
	FeatureSMTPS        Feature = "smtps"          // has an implicit TLS listener (RFC 8314 §3.3)
	FeatureReadback     Feature = "readback"       // hands accepted mail to the harness's collector
	FeatureSTS          Feature = "sts"            // publishes an MTA-STS policy (RFC 8461)
	FeatureTLS13        Feature = "tls13"          // negotiates TLS 1.3
	FeatureAuth         Feature = "auth"           // offers AUTH, in clear or inside TLS
	FeaturePipelining   Feature = "pipelining"     // PIPELINING (RFC 2920)
	FeatureChunking     Feature = "chunking"       // BDAT (RFC 3030)
	FeatureMTLS         Feature = "mtls"           // asks for client certificates
	FeatureMTLSRequired Feature = "mtls-required"  // refuses clients without a valid one
	FeatureMinStrength  Feature = "min-strength"   // answers 554 inside TLS that is too weak (RFC 3207 §4.1)
	FeaturePartner      Feature = "partner"        // has a connector that binds a partner's domain to TLS
	FeatureDANE         Feature = "dane-in"        // publishes TLSA records (RFC 7672)
	FeatureREQUIRETLS   Feature = "requiretls"     // REQUIRETLS (RFC 8689)
	FeatureLMTP         Feature = "lmtp-tls"       // LMTP with STARTTLS (RFC 2033)
	FeatureProxy        Feature = "proxy"          // stands behind a proxy
)

// The features that access servers claim, besides those of the above that say what
// TLS they speak: tls-off, modern, legacy-only, tls13, mtls.
const (
	FeatureIMAP          Feature = "imap"            // has an IMAP listener that is clear at first
	FeatureIMAPS         Feature = "imaps"           // has an IMAP listener with implicit TLS (RFC 8314 §3.2)
	FeaturePOP3          Feature = "pop3"            // has a POP3 listener that is clear at first
	FeaturePOP3S         Feature = "pop3s"           // has a POP3 listener with implicit TLS (RFC 8314 §3.1)
	FeatureIMAPStartTLS  Feature = "imap-starttls"   // offers STARTTLS in IMAP
	FeaturePOP3STLS      Feature = "pop3-stls"       // offers STLS in POP3 (RFC 2595 §4)
	FeatureBasicAfterTLS Feature = "basic-after-tls" // takes passwords that can be read inside TLS only (RFC 9051 §6.2.3, RFC 2595 §2.3)
	FeaturePlainLogin    Feature = "plain-login"     // takes them in clear as well
)

// Features lists every feature that may be claimed.
func Features() []Feature {
	return []Feature{
		FeatureStartTLS, FeatureTLSOff, FeatureTLSBroken, FeaturePublicMX, FeatureRequireTLS, FeatureModern,
		FeatureLegacyMX, FeatureLegacyOnly, FeatureAuthAfterTLS, FeatureSubmission,
		FeatureSMTPS, FeatureReadback, FeatureSTS, FeatureTLS13, FeatureAuth, FeaturePipelining, FeatureChunking,
		FeatureMTLS, FeatureMTLSRequired, FeatureMinStrength, FeaturePartner, FeatureDANE, FeatureREQUIRETLS,
		FeatureLMTP, FeatureProxy,
		FeatureIMAP, FeatureIMAPS, FeaturePOP3, FeaturePOP3S, FeatureIMAPStartTLS, FeaturePOP3STLS, FeatureBasicAfterTLS, FeaturePlainLogin,
	}
}

// Claims is what a target says of itself; cases are judged against it.
type Claims struct {
	// Features it claims; order has no meaning.
	Features []Feature `json:"features" yaml:"features"`
	// StallSeconds after which it ends a connection that is silent after its
	// go-ahead to STARTTLS; 0 when it declares no such time.
	StallSeconds float64 `json:"stall_seconds,omitempty" yaml:"stall_seconds"`
	// Policies under which a sender sends.
	Policies []SenderPolicy `json:"policies,omitempty" yaml:"policies"`
}

// Has tells whether the feature is claimed.
func (c Claims) Has(f Feature) bool {
	return slices.Contains(c.Features, f)
}

// Missing returns the first of the needed features that is not claimed, or "".
func (c Claims) Missing(needs []Feature) Feature {
	for _, f := range needs {
		if !c.Has(f) {
			return f
		}
	}
	return ""
}

// Unknown returns the first claimed feature that does not exist, or "".
func (c Claims) Unknown() Feature {
	for _, f := range c.Features {
		if !slices.Contains(Features(), f) {
			return f
		}
	}
	return ""
}
