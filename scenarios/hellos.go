package scenarios

import (
	"crypto/tls"
	"time"

	"mailtls/fakes"
	"mailtls/results"
)

// hellos holds the cases about what a ClientHello can offer that no ordinary
// client does.
func hellos() []Case {
	var all []Case
	for _, part := range [][]Case{shapes(), oldProtocols(), weakSuites(), extras()} {
		all = append(all, part...)
	}
	return all
}

// shapes holds the cases about how a hello is cut up, and what is odd in it.
func shapes() []Case {
	const cut = "A handshake message may be spread over several records, and TCP has no bounds of its own."
	slow, hybrid := broad(), broad()
	slow.Segment, slow.Gap = 1, 250*time.Millisecond
	hybrid.Records = 600
	hybrid.Groups = []tls.CurveID{tls.X25519MLKEM768, tls.X25519, tls.CurveP256, tls.CurveP384}
	return []Case{
		shaken(slow, Case{
			ID: "hello/segments-not-joined", Row: "R-030", Title: "A ClientHello that comes byte by byte is understood",
			Source: Source{"RFC 8446 §5.1", cut}, Levels: []LevelRule{must()}, Judge: judgeServed,
		}),
		shaken(hybrid, Case{
			ID: "hello/records-not-joined", Row: "R-031", Title: "A ClientHello with a hybrid key share, in three records, is understood",
			Source: Source{"RFC 8446 §5.1", cut}, Levels: []LevelRule{must()}, Judge: judgeRecordsJoined,
		}),
		probed(greased(), Case{
			ID: "hello/grease-not-ignored", Row: "R-032", Title: "Reserved versions, suites, groups and extensions are ignored",
			Source: Source{"RFC 8701 §3; RFC 8446 §9.3", "What a server does not know in a ClientHello it ignores; the reserved values are never chosen."},
			Levels: []LevelRule{must()}, Judge: judgeGrease,
		}),
		{
			ID: "hello/before-starttls", Row: "R-055", Title: "What becomes of a client that starts TLS at once, without STARTTLS",
			Source: Source{"RFC 5321 §4.5.3.1.9", "Input that is no command line gets an error reply."},
			Needs:  []results.Feature{results.FeatureStartTLS}, Levels: []LevelRule{info()},
			Dialogues: one(hello(ordinary()), awaitClose(closing)),
			Judge:     judgeHelloAtOnce,
		},
	}
}

// oldProtocols holds the cases about what came before TLS 1.2.
func oldProtocols() []Case {
	const never = "SSL 2.0 and 3.0 are not negotiated by anybody."
	ssl := refusing("no session: an alert or a close")
	inBand := shaken(fakes.Hello{Min: tls.VersionTLS10, Max: tls.VersionTLS10}, Case{
		ID: "hello/tls10-refused-inside", Row: "R-037", Title: "How a client that speaks only TLS 1.0 is refused: by alert, or by a reply inside TLS",
		Source: Source{"RFC 3207 §4.1", "Both sides judge what the handshake achieved; a server that is not satisfied may say so inside TLS."},
		Levels: []LevelRule{info()}, Judge: judgeRefusalForm,
	})
	inBand.Dialogues = one(greeted(), fakes.StartTLS(), fakes.Handshake(fakes.Hello{Min: tls.VersionTLS10, Max: tls.VersionTLS10}),
		fakes.Say(markEhloTLS, "", "EHLO {helo}\r\n"), fakes.Say(markMail, "", "MAIL FROM:<{from}>\r\n"), fakes.Quit())
	return []Case{
		inBand,
		probed(fakes.RawHello{Version: fakes.VersionSSL3, Suites: []uint16{0xc00a, 0xc014, 0x0039, 0x0035, 0x0033, 0x002f, 0x0016, 0x000a, 0x0005, fakes.RenegotiationSignal}}, Case{
			ID: "hello/ssl-accepted/ssl3", Row: "R-039", Title: "A client that speaks only SSL 3.0 is refused",
			Source: Source{"RFC 7568 §3; RFC 9325 §3.1.1", never}, Levels: []LevelRule{must()}, Judge: ssl,
		}),
		// The cipher kinds: RC4, RC2, IDEA, DES and 3DES with MD5.
		probed(fakes.RawHello{SSL2: true, Kinds: []uint32{0x010080, 0x030080, 0x050080, 0x060040, 0x0700c0}}, Case{
			ID: "hello/ssl-accepted/ssl2", Row: "R-039", Title: "A client that speaks only SSL 2.0 is refused",
			Source: Source{"RFC 6176 §3; RFC 9325 §3.1.1", never}, Levels: []LevelRule{must()}, Judge: ssl,
		}),
		probed(fallen(), Case{
			ID: "hello/fallback-signal", Row: "R-040", Title: "What becomes of a hello that says a newer version was tried before",
			Source: Source{"RFC 7507 §3", "A server that speaks a newer version than the one offered refuses such a hello with inappropriate_fallback; the document is obsolete since the versions it protects against are."},
			Levels: []LevelRule{info()}, Judge: judgeFallback,
		}),
	}
}

// weakSuites holds the cases about hellos that offer nothing better than one
// kind of weakness.
func weakSuites() []Case {
	refused := refusing("no session: alert handshake_failure(40) or insufficient_security(71)")
	const never = "Suites without encryption, with export keys or with RC4 are not negotiated; a hello that offers nothing else is refused."
	return []Case{
		weak(fakes.RC4Suites(), Case{
			ID: "hello/weak-suite-accepted/rc4", Row: "R-041", Title: "A client that offers only RC4 is refused",
			Source: Source{"RFC 7465 §2; RFC 9325 §4.1", never}, Levels: []LevelRule{must()}, Judge: refused,
		}),
		weak(fakes.ExportSuites(), Case{
			ID: "hello/weak-suite-accepted/export", Row: "R-041", Title: "A client that offers only export suites is refused",
			Source: Source{"RFC 9325 §4.1", never}, Levels: []LevelRule{must()}, Judge: refused,
		}),
		weak(fakes.NullSuites(), Case{
			ID: "hello/weak-suite-accepted/null", Row: "R-041", Title: "A client that offers only suites without encryption is refused",
			Source: Source{"RFC 9325 §4.1", never}, Levels: []LevelRule{must()}, Judge: refused,
		}),
		weak(fakes.AnonymousSuites(), Case{
			ID: "hello/weak-suite-accepted/anonymous", Row: "R-041", Title: "What becomes of a client that offers only anonymous suites",
			Source: Source{"RFC 7672 §8.2", "Clients should offer suites with a certificate; whether to agree on an anonymous one is left to the server."},
			Levels: []LevelRule{info()}, Judge: refusing("recorded: a session without a certificate, or none"),
		}),
		weak(fakes.TripleDESSuites(), Case{
			ID: "hello/3des-accepted", Row: "R-042", Title: "A client that offers only 3DES is refused",
			Source: Source{"RFC 9325 §4.1", "Ciphers with less than 128 bits of strength, 3DES among them, should not be negotiated."},
			Levels: []LevelRule{should()}, Judge: refused,
		}),
		weak(fakes.StaticRSASuites(), Case{
			ID: "hello/static-rsa-accepted", Row: "R-043", Title: "A client that offers no forward secrecy is refused",
			Source: Source{"RFC 9325 §4.1", "Suites whose secret is sent under the certificate's RSA key should not be negotiated."},
			Levels: []LevelRule{should()}, Judge: refused,
		}),
		weak(fakes.DHESuites(), Case{
			ID: "hello/short-dhe-prime", Row: "R-044", Title: "Finite-field Diffie-Hellman has a prime of 2048 bits or more, or is refused",
			Source: Source{"RFC 9325 §4.5; RFC 9325 §4.1; RFC 9325 §5.2", "Diffie-Hellman groups have at least 2048 bits; where the alternative is clear text, a weaker group is the lesser evil."},
			Levels: []LevelRule{must(results.FeatureModern), should()}, Judge: judgePrime,
		}),
	}
}

// extras holds the cases about what TLS 1.2 adds to a handshake.
func extras() []Case {
	squeezed, bound := ordinary(), ordinary()
	squeezed.Compression = []uint8{1} // DEFLATE
	bound.ExtendedMasterSecret = true
	return []Case{
		probed(squeezed, Case{
			ID: "hello/compression-chosen", Row: "R-045", Title: "TLS compression is not chosen where it is offered",
			Source: Source{"RFC 9325 §3.3", "TLS 1.2 is used without the compression of its own."},
			Levels: []LevelRule{should()}, Judge: judgeCompression,
		}),
		probed(bound, Case{
			ID: "hello/extended-master-secret-missing", Row: "R-048", Title: "In TLS 1.2 extended_master_secret is agreed to where it is offered",
			Source: Source{"RFC 9325 §3.5", "In TLS 1.2 both sides support the extension that binds the master secret to the handshake."},
			Levels: []LevelRule{must()}, Judge: judgeExtendedMasterSecret,
		}),
	}
}

// hello sends a built ClientHello and awaits what comes of it.
func hello(h fakes.RawHello) fakes.Script {
	return fakes.Script{{Mark: markHandshake, Do: fakes.MoveHello, Raw: &h}}
}

// probed completes a case with a session that sends a built hello after
// STARTTLS.
func probed(h fakes.RawHello, c Case) Case {
	c.Needs = []results.Feature{results.FeatureStartTLS}
	c.Dialogues = one(greeted(), fakes.StartTLS(), hello(h))
	return c
}

// shaken completes a case with a session whose handshake is done as h says.
func shaken(h fakes.Hello, c Case) Case {
	c.Needs = []results.Feature{results.FeatureStartTLS}
	c.Dialogues = one(greeted(), fakes.StartTLS(), fakes.Handshake(h), fakes.Ehlo(markEhloTLS), fakes.Quit())
	return c
}

// weak is probed with an ordinary hello for TLS 1.2 and below that offers
// nothing but the suites.
func weak(suites []uint16, c Case) Case {
	h := ordinary()
	h.Suites = suites
	return probed(h, c)
}

// ordinary is a hello for TLS 1.2 and below that any target can answer.
func ordinary() fakes.RawHello {
	return fakes.RawHello{Suites: fakes.SoundSuites(), Groups: groups()}
}

// fallen is an ordinary hello of a client that knows better versions.
func fallen() fakes.RawHello {
	h := ordinary()
	h.Suites = append(h.Suites, fakes.FallbackSignal)
	return h
}

// greased is a hello for TLS 1.0 to 1.3 with reserved numbers wherever a list
// can hold one.
func greased() fakes.RawHello {
	return fakes.RawHello{
		Versions:   []uint16{fakes.Grease(1), tls.VersionTLS13, tls.VersionTLS12, tls.VersionTLS11, tls.VersionTLS10},
		Suites:     append([]uint16{fakes.Grease(2)}, fakes.SoundSuites()...),
		Groups:     append([]uint16{fakes.Grease(3)}, groups()...),
		Shares:     []uint16{fakes.Grease(3), uint16(tls.X25519)},
		Extensions: []uint16{fakes.Grease(4)}, ExtendedMasterSecret: true,
	}
}

// groups that any target knows one of.
func groups() []uint16 {
	return []uint16{uint16(tls.X25519), uint16(tls.CurveP256), uint16(tls.CurveP384), uint16(tls.CurveP521)}
}
