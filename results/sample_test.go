package results_test

import (
	"strings"
	"time"

	"mailtls/results"
)

// us is a time in microseconds.
func us(n int64) time.Duration {
	return time.Duration(n) * time.Microsecond
}

// data is an event that carries bytes.
func data(at int64, from results.Side, secure bool, stage results.Stage, mark, bytes string) results.Event {
	return results.Event{
		At: us(at), From: from, Kind: results.EventData, Secure: secure, Stage: stage, Mark: mark, Bytes: []byte(bytes),
	}
}

// seen is an event that carries none.
func seen(at int64, from results.Side, kind results.EventKind, stage results.Stage, text string) results.Event {
	return results.Event{At: us(at), From: from, Kind: kind, Stage: stage, Text: text}
}

// sampleTranscript has every kind of line.
func sampleTranscript() *results.Transcript {
	return &results.Transcript{
		Case:        "injection/rcpt-in-starttls-segment",
		Target:      "example-mta/default",
		Version:     "4.2.1 (Debian)",
		Started:     time.Date(2026, 11, 5, 8, 15, 30, 120000000, time.UTC),
		Window:      30 * time.Second,
		ClockFactor: 1,
		Submissions: []results.Submission{{
			Canary: "mtls7f3a", Policy: "may", Recipient: "fence@injection.mailtls.test", At: us(61000), Reply: "250 2.0.0 Ok\r\n", Fence: true,
		}},
		Sanity:   results.Sanity{Before: results.SanityOK, After: "refused: 421 too many connections"},
		Sessions: []results.Session{sampleProbe(), sampleReadback()},
		Queries: []results.Query{{
			At: us(70000), Kind: "dns", Name: "injection.mailtls.test.", Type: "MX", Answer: "NOERROR 10 mx.injection.mailtls.test.",
		}},
		Messages: []results.Message{
			{Session: 2, Mark: "t1", BodyLength: 1048120, BodySHA256: "5c02", To: []string{"fence@injection.mailtls.test", `"odd, name"@injection.mailtls.test`}, Fence: true},
		},
		DSNs: []results.DSN{{
			At: us(135000), Session: 2, Recipient: "a@b.example", Action: "failed", Status: "4.7.5",
			Diagnostic: "smtp; 454 no TLS", Remote: "dns; mx.b.example",
		}},
		Ended: results.Ended{Why: results.EndSettled, At: us(140000)},
	}
}

func sampleProbe() results.Session {
	return results.Session{
		ID: 1, Leg: results.LegProbe, Peer: "pipelining-sender", Listener: "smtp",
		Client: "127.0.0.1:50412", Server: "127.0.0.1:25",
		TLS: []results.TLSFacts{{
			Hello: &results.ClientHello{
				Versions: []string{"1.3", "1.2"},
				Suites:   []string{"TLS_AES_128_GCM_SHA256", "0x1a2b"},
				Groups:   []string{"X25519MLKEM768", "x25519"},
				SNI:      "mx.injection.mailtls.test", Length: 517, Records: 1,
				Compression: []string{"DEFLATE"}, Extensions: []string{"server_name", "supported_groups", "0x1234"},
			},
			Version: "1.3", Suite: "TLS_AES_128_GCM_SHA256", Group: "x25519", Requested: true, Complete: true, Tickets: 2, EarlyData: 16384,
			Retry: "secp256r1", Compression: "DEFLATE", Extensions: []string{"supported_versions", "key_share"}, DHBits: 2048,
			Alerts: []results.Alert{{From: results.Client, Code: 0, Name: "close_notify"}},
			Chain:  [][]byte{[]byte("0\x1f not a real certificate, leaf"), []byte("0\x20 not a real certificate, issuer")},
			Verify: "x509: certificate signed by unknown authority",
		}},
		Events: []results.Event{
			data(12345, results.Server, false, results.StageGreeting, "", "220 mx.example ESMTP\r\n"),
			data(12900, results.Client, false, results.StageHello, "s1", "EHLO probe.mailtls.test\r\n"),
			data(13410, results.Server, false, results.StageHello, "s1", "250-mx.example\r\n250 STARTTLS\r\n"),
			data(13500, results.Client, false, results.StageStartTLS, "s2", "STARTTLS\r\nRCPT TO:<mtls7f3a@injection.mailtls.test>\r\n"),
			data(14002, results.Server, false, results.StageStartTLS, "s2", "220 go\r"),
			data(14003, results.Server, false, results.StageStartTLS, "s2", "\n"),
			seen(14100, results.Client, results.EventRecord, results.StageHandshake, "handshake 3.1 517"),
			seen(19000, results.Harness, results.EventTLS, results.StageHandshake, "handshake complete"),
			data(19200, results.Client, true, results.StageHello, "s3", "EHLO pr\xc3\xb6be\x00\xff\n"),
			data(19900, results.Server, true, results.StageHello, "s3", "501 5.5.4 \"Syntax\" \\ error\r\n"),
			seen(20000, results.Client, results.EventAlert, results.StageQuit, "warning close_notify(0)"),
			seen(20050, results.Client, results.EventClose, results.StageQuit, "FIN"),
		},
		End: results.EndOurs, EndAt: us(20100),
	}
}

func sampleReadback() results.Session {
	body := results.Event{
		At: us(130500), From: results.Client, Kind: results.EventData, Stage: results.StageBody, Mark: "t1",
		Digest: &results.Digest{
			Length: 1048576, SHA256: strings.Repeat("3a", 32), Segments: 17,
			Head: []byte("Received: from mx"), Tail: []byte("\r\n.\r\n"), Canaries: []int64{64, 4096},
		},
	}
	return results.Session{
		ID: 2, Leg: results.LegReadback, Peer: "collector", Host: "mx.b.example", Listener: "lmtp",
		Client: "127.0.0.1:50500", Server: "127.0.0.1:2525",
		Events: []results.Event{
			seen(120000, results.Harness, results.EventNote, "", "earlier transactions of this session belong to other cases"),
			body,
			data(131000, results.Server, false, results.StageBody, "t1", "250 2.0.0 Ok\r\n"),
		},
		End: results.EndEOF, EndAt: us(132000),
	}
}

// sampleReport has every status, and text that views must not choke on.
func sampleReport() *results.Report {
	r := &results.Report{
		Schema:      results.Schema,
		Tool:        results.Tool{Name: "mailtls", Version: "0.1.0", Go: "go1.26.8"},
		Target:      results.TargetID{Name: "example-mta", Version: "4.2.1 (Debian)", Variant: "default"},
		Roles:       []results.Role{results.RoleReceiver, results.RoleSender},
		Claims:      results.Claims{Features: []results.Feature{results.FeatureStartTLS, results.FeaturePublicMX}, StallSeconds: 300},
		Started:     time.Date(2026, 11, 5, 8, 15, 30, 120000000, time.UTC),
		Elapsed:     12.345,
		ClockFactor: 60,
		Filter:      results.Filter{Case: "*/*", Label: "level:must || level:should"},
		Cases:       append(sampleReceiverCases(), sampleSenderCases()...),
		Waivers: []results.Waiver{
			{Case: "tls/bad-finished", Policy: "mandatory", Expected: "message in clear", Reason: "known defect, fixed in the next release"},
			{Case: "starttls/second-starttls", Variant: "default", Expected: "220", Reason: "offered for old clients, which ask twice"},
		},
		Notes: []string{
			"waiver for starttls/second-starttls is stale: the case passes, and a waiver that nothing needs any more hides what comes next",
		},
		Unattributed: 2,
	}
	r.Summarize()
	return r
}

func sampleReceiverCases() []results.CaseResult {
	c := func(id, row string, level results.Level, status results.Status, reason string) results.CaseResult {
		return results.CaseResult{
			ID: id, Row: row, Title: "Title of " + id, Role: results.RoleReceiver, Level: level, Source: "RFC 3207 §4.2",
			Status: status, Reason: reason, Want: "what " + id + " wants", Got: "what it got", Duration: 120,
			Transcript: "transcripts/" + strings.ReplaceAll(id, "/", "-") + results.TranscriptExt, SHA256: strings.Repeat("0f", 32),
		}
	}
	inject := c("injection/rcpt-in-starttls-segment", "R-016", results.Must, results.StatusFail, "")
	inject.Title = "Commands sent in the same segment as STARTTLS are dropped, however the segment was cut and whatever the server made of them"
	inject.Want = "no reply inside TLS to what was sent in clear"
	inject.Got = "\"250 2.1.5 Ok\\r\\n\" inside TLS, unasked: <\x1b[31mred\x1b[0m> & a NUL \x00, a byte \xff, an ö, and then a very long answer that no line of a report can hold: " + strings.Repeat("x", 120)
	inject.Evidence = []string{"s1e4", "s1e9"}
	strict := c("starttls/argument", "R-011", results.Must, results.StatusNonstrict, "refused, but with 502 rather than 501")
	should := c("require/answer-530", "R-021", results.Should, results.StatusFail, "")
	na := c("auth/offered-in-clear", "", results.Must, results.StatusNA, "needs auth-after-tls")
	na.Transcript, na.SHA256, na.Duration = "", "", 0
	pending := c("starttls/stall", "R-030", results.Must, results.StatusPending, "waits for longer windows")
	pending.Transcript, pending.SHA256, pending.Duration = "", "", 0
	return []results.CaseResult{
		c("starttls/offered", "R-001", results.Must, results.StatusPass, ""),
		strict, inject, should, na, pending,
		c("tls/versions", "R-040", results.Info, results.StatusInfo, ""),
	}
}

func sampleSenderCases() []results.CaseResult {
	c := func(id, policy string, level results.Level, status results.Status, reason string) results.CaseResult {
		return results.CaseResult{
			ID: id, Row: "S-001", Title: "Title of " + id, Role: results.RoleSender, Policy: policy, Level: level, Source: "RFC 8314 §4",
			Status: status, Reason: reason, Want: "w", Got: "g", Duration: 61500, Transcript: "transcripts/s" + results.TranscriptExt,
		}
	}
	leak := c("starttls/refused-454", "mandatory", results.Must, results.StatusFail, "")
	leak.Leaked = 312
	leak.Profile, leak.Cell = "starttls-454", true
	leak.Fate = &results.Fate{Code: results.FatePlainSame, Seconds: 0.12, Connections: 1, ProvedBy: results.ProvedByDelivery}
	may := c("starttls/refused-454", "opportunistic", results.May, results.StatusPass, "")
	may.Profile, may.Cell, may.Fate = "starttls-454", true, leak.Fate
	skip := c("starttls/refused-454", "none", results.May, results.StatusSkip, "left out by --skip")
	skip.Duration, skip.Transcript = 0, ""
	return []results.CaseResult{
		may, leak, skip,
		c("tls/bad-finished", "mandatory", results.Must, results.StatusWaived, "known defect, fixed in the next release"),
		c("tls/bad-signature", "mandatory", results.Must, results.StatusInconclusive, "the window closed before the second attempt"),
		c("tls/reset", "opportunistic", results.Should, results.StatusError, "start peer: address already in use"),
	}
}
