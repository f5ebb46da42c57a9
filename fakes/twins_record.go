package fakes

import "mailtls/results"

// recordTwins are the broken twins for the cases about records after the handshake.
func recordTwins() []Model {
	return []Model{
		twin("goes-along-with-renegotiation", "default", "Answers a second hello inside TLS 1.2.", fault(Fault{
			At: results.StageRenewal, Do: ActionGoAlong,
		})),
		twin("early-data-permitted", "default", "Gives a ticket that permits early data.", fault(Fault{
			At: results.StageHandshake, When: After, Do: ActionTicket,
		})),
		twin("ends-at-key-update", "default", "Ends the session when the client changes its keys.", fault(Fault{
			At: results.StageRenewal, Do: ActionFin,
		})),
		twin("pipelined-input-dropped", "default", "Throws away what a client sent behind MAIL.", fault(Fault{
			At: results.StageMail, When: After, Do: ActionDrop,
		})),
		twin("bdat-dots-taken-off", "default", "Treats dots in BDAT content as those of DATA.", lenient(LenientBdatDots)),
		twin("keeps-half", "default", "Takes messages and keeps half of each.", fault(Fault{
			At: results.StageBody, When: Before, Do: ActionTruncate,
		})),
		twin("truncated-taken", "default", "Takes a message that the end of the connection cut short.", lenient(LenientTruncated)),
	}
}
