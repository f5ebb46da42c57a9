package certificate

import (
	"maps"

	"mailtls/results"
)

// Profiles returns every profile: receivers first, then senders, then servers of
// mailboxes.
func Profiles() []Profile {
	return append(append(receiverProfiles(), senderProfiles()...), Profile{
		Name: "access-basic-after-tls", Title: "Serves mailboxes, and takes passwords that can be read inside TLS only",
		Roles:  []results.Role{results.RoleAccessServer},
		Claims: []results.Feature{results.FeatureBasicAfterTLS},
		OneOf: []results.Feature{
			results.FeatureIMAPStartTLS, results.FeatureIMAPS, results.FeaturePOP3STLS, results.FeaturePOP3S,
		},
		Without:  []results.Feature{results.FeatureTLSOff, results.FeaturePlainLogin},
		Requires: []Requirement{{Cases: []string{"imap", "pop3"}}},
	})
}

// receiving is what is asked of every receiver with STARTTLS: the areas of cases
// that are about the command, the handshake, what is carried across it, and mail
// that comes through TLS unaltered.
func receiving(more ...string) []Requirement {
	return []Requirement{{Cases: append([]string{
		"offer", "starttls", "handshake", "tunnel", "state", "injection", "hello", "version", "records", "resumption", "sni",
		"policy", "content", "smuggling",
	}, more...)}}
}

// notYet leaves out a case that mailtls cannot play yet: a profile that asked for it
// could be had by nobody.
func notYet(id string) map[string]string { return map[string]string{id: "it cannot be played yet"} }

func receiverProfiles() []Profile {
	receiver := []results.Role{results.RoleReceiver}
	starttls, off := results.FeatureStartTLS, []results.Feature{results.FeatureTLSOff, results.FeatureTLSBroken}
	unplayed := notYet("injection/proxied-listener")
	return []Profile{
		{
			Name: "receiver-core", Title: "Receives with STARTTLS, and carries nothing across it that must be forgotten",
			Roles: receiver, Claims: []results.Feature{starttls}, Without: append(off, results.FeatureLegacyOnly),
			OneOf:    []results.Feature{results.FeaturePublicMX, results.FeatureRequireTLS},
			Requires: receiving(), Except: unplayed,
		},
		{
			Name: "receiver-enforcing", Title: "Receives inside TLS or not at all",
			Roles: receiver, Claims: []results.Feature{starttls, results.FeatureRequireTLS}, Without: append(off, results.FeaturePublicMX),
			Requires: append(receiving(), Requirement{Cases: []string{"policy/verbs-served-in-clear"}, Levels: []results.Level{results.Should}}),
			Except:   unplayed,
		},
		{
			Name: "receiver-modern", Title: "Receives with TLS 1.2 or better, and with nothing that RFC 9325 advises against",
			Roles: receiver, Claims: []results.Feature{starttls, results.FeatureModern}, Without: append(off, results.FeatureLegacyMX, results.FeatureLegacyOnly),
			OneOf: []results.Feature{results.FeaturePublicMX, results.FeatureRequireTLS},
			Requires: append(receiving(), Requirement{
				Cases:  []string{"hello/3des-accepted", "hello/static-rsa-accepted", "hello/compression-chosen"},
				Levels: []results.Level{results.Should},
			}),
			Except: unplayed,
		},
		{
			Name: "submission", Title: "Takes mail of users, and their passwords inside TLS only",
			Roles:  receiver,
			Claims: []results.Feature{starttls, results.FeatureSubmission, results.FeatureAuth, results.FeatureAuthAfterTLS}, Without: off,
			Requires: receiving("auth", "implicit"), Except: unplayed,
		},
		{
			Name: "lmtp", Title: "Delivers by LMTP with STARTTLS",
			Roles:  []results.Role{results.RoleReceiver, results.RoleAccessServer},
			Claims: []results.Feature{results.FeatureLMTP}, Requires: []Requirement{{Cases: []string{"lmtp"}}},
		},
		{
			Name: "legacy-exchange-2010", Title: "Receives as a server of 2010 could at best: STARTTLS done rightly, with TLS 1.0 permitted",
			Roles: receiver, Claims: []results.Feature{starttls}, Without: append(off, results.FeatureModern),
			OneOf: []results.Feature{results.FeatureLegacyMX, results.FeatureLegacyOnly},
			Requires: append(receiving(), Requirement{
				Cases: []string{"version/tls10-accepted", "version/tls11-accepted"}, Levels: []results.Level{results.Info},
			}),
			Except: with(unplayed, map[string]string{
				"hello/weak-suite-accepted/rc4":        "RC4 was forbidden in 2015 (RFC 7465), and is a default of that server",
				"hello/extended-master-secret-missing": "the extension is of 2015 (RFC 7627)",
			}),
		},
	}
}

// sending is what is asked of every sender: all areas of cases, for the level that
// a case has under a policy says whether it binds there.
func sending() Requirement {
	return Requirement{Cases: []string{
		"dialogue", "refusals", "handshake", "lost", "enforced", "memory", "version", "suite", "uncommon", "client-hello", "certificate",
		"reply-injection", "mx", "reuse", "queue",
	}}
}

// spanning are cases that are about several policies at once, and so may be played
// under another than the one that is asked about.
func spanning() Requirement {
	return Requirement{AnyPolicy: true, Cases: []string{
		"reuse/unverified-then-verified", "reuse/clear-then-mandatory", "reuse/ticket-of-unverified-session", "queue/many",
	}}
}

// with joins two tables.
func with(one, other map[string]string) map[string]string {
	both := maps.Clone(one)
	maps.Copy(both, other)
	return both
}

func senderProfiles() []Profile {
	sender := []results.Role{results.RoleSender}
	unplayed := notYet("certificate/pin-differs")
	return []Profile{
		{
			Name: "sender-opportunistic", Title: "Sends inside TLS where it can, and does as it declares where it cannot (RFC 7435)",
			Roles: sender, Under: Under{Levels: []results.TLSLevel{results.LevelOpportunistic}},
			Requires: []Requirement{sending(), spanning()}, Except: unplayed,
		},
		{
			Name: "sender-mandatory", Title: "Sends inside TLS or not at all (RFC 3207 §6)",
			Roles: sender, Under: Under{Levels: []results.TLSLevel{results.LevelMandatory}},
			Requires: []Requirement{sending(), spanning()}, Except: unplayed,
		},
		{
			Name: "sender-verified", Title: "Sends inside TLS, to a host whose certificate names it, or not at all",
			Roles: sender,
			Under: Under{
				Levels:   []results.TLSLevel{results.LevelMandatory},
				Verifies: []results.Verify{results.VerifyMXName, results.VerifyNextHop},
			},
			Requires: []Requirement{sending(), spanning()}, Except: unplayed,
		},
	}
}
