package harness

import (
	"context"
	"errors"
	"strings"
	"testing"

	"mailtls/fakes"
	"mailtls/results"
)

// meeting of two by name.
func meeting(t *testing.T, sender, receiver string) Meeting {
	t.Helper()
	m, err := fakes.ProductModel(sender)
	if err != nil {
		t.Fatal(err)
	}
	p, err := fakes.Receiver(receiver)
	if err != nil {
		t.Fatal(err)
	}
	return Meeting{m, p}
}

func TestMeetingsThatCannotBe(t *testing.T) {
	silent := meeting(t, "exchange-2010/inbound-enforcing", "opportunistic")
	torn := meeting(t, "exchange-onprem/connector-encryption", "opportunistic")
	torn.Sender.Connectors = []fakes.Connector{torn.Sender.Connectors[0]}
	torn.Sender.Connectors[0].IgnoreSTARTTLS = true
	odd := meeting(t, "exchange-online", "opportunistic")
	odd.Sender.Sends = []fakes.Policy{odd.Sender.Sends[0]}
	odd.Sender.Sends[0].Floor = "1.4"
	for want, m := range map[string]Meeting{"does not send": silent, "exclude each other": torn, `floor "1.4"`: odd} {
		if met, err := Meet(t.Context(), []Meeting{m}, MeetOptions{}); err == nil || !strings.Contains(err.Error(), want) || met != nil {
			t.Errorf("got %v, %v; want %q", met, err, want)
		}
	}
}

// TestMeetingsAreReadOffTheWire: a receiver that is not of the catalogue stands
// there, and what is said is what it saw.
func TestMeetingsAreReadOffTheWire(t *testing.T) {
	t.Parallel()
	plain, changed := meeting(t, "exchange-online", "tls-disabled"), meeting(t, "exchange-online", "exchange-2010")
	changed.Receiver.Name, changed.Receiver.Offer = "exchange-2010/tls-off", fakes.OfferNone
	met, err := Meet(t.Context(), []Meeting{plain, changed}, MeetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"tls-disabled", "exchange-2010/tls-off"} {
		c := met[i]
		if c.Sender != "exchange-online" || c.Receiver != want || c.Code != results.FatePlainSame || c.Connections != 1 || !strings.Contains(c.Sentence, "TLS is not offered") {
			t.Errorf("%s: got %+v", want, c.ModelCell)
		}
		if s := c.Transcript.Sessions; len(s) != 1 || s[0].Leg != results.LegDeliver || len(s[0].TLS) != 0 || len(c.Transcript.Messages) != 1 {
			t.Errorf("%s: the transcript holds %+v", want, s)
		}
	}
	m := ModelMatrixOf(met)
	if len(m.Senders) != 1 || len(m.Receivers) != 2 || len(m.Cells) != 2 {
		t.Errorf("the matrix is %+v", m)
	}
}

func TestMeetingsEndWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Meet(ctx, []Meeting{meeting(t, "exchange-online", "tls-disabled")}, MeetOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
