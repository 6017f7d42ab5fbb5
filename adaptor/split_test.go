package adaptor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// randomMessage is a message of random texts, most of them short and some very long.
func randomMessage(random *rand.Rand, style Style) Message {
	text := func(most int) string {
		var b strings.Builder
		for range random.IntN(1 + most) {
			b.WriteString(hostilePieces[random.IntN(len(hostilePieces))])
		}
		return b.String()
	}
	p := payload{Receiver: text(3), GroupKey: text(5), ExternalURL: "http://alertmanager.example", TruncatedAlerts: uint64(random.IntN(2))}
	for i := range 1 + random.IntN(1<<random.IntN(9)) {
		a := payloadAlert{
			Status: []string{"firing", "resolved"}[random.IntN(2)], StartsAt: time.Unix(int64(i), 0), EndsAt: time.Unix(1e9, 0),
			Labels:       map[string]string{"alertname": "A" + text(2), "pod": text(6), "severity": text(1), "n": fmt.Sprint(i)},
			Annotations:  map[string]string{"summary": text(10), "description": text(1 << random.IntN(10)), "value": text(1), "runbook_url": "http://e.example/" + text(3)},
			GeneratorURL: "http://prometheus.example/" + text(20),
		}
		p.Alerts = append(p.Alerts, a)
	}
	m := newMessage(p, style)
	if random.IntN(2) == 0 {
		m.Mentions = []Mention{{User: "ou_1"}, {User: "ou_2"}}
	}
	if random.IntN(4) == 0 {
		m.FallbackFor, m.Reason = text(2), text(9)
	}
	return m
}

// TestPlan: whatever a message says, every alert is in exactly one of its parts, and each part is
// within the limit with all notes that it may need by the time it is sent; several alerts are never
// shortened. What is planned after some parts were sent are the parts that were planned before.
func TestPlan(t *testing.T) {
	chinese, err := LocaleByName("zh-CN", nil)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 0))
		m := randomMessage(random, []Style{{}, {Locale: chinese, Zone: time.FixedZone("CST", 8*60*60)}}[random.IntN(2)])
		for _, c := range Channels() {
			for _, form := range c.Forms {
				e := newEncoder(c, targetOf(c.Name, form), time.Now())
				e.limit >>= random.IntN(3)
				t.Run(fmt.Sprintf("%d/%s.%s/%d", seed, c.Name, form, e.limit), func(t *testing.T) { checkPlan(t, e, m) })
			}
		}
	}
}

func checkPlan(t *testing.T, e encoder, m Message) {
	planned, ends, err := e.plan(m, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(ends) || ends[0] == 0 || len(slices.Compact(slices.Clone(ends))) != len(ends) || ends[len(ends)-1] != len(m.Alerts) {
		t.Fatalf("%d alerts are cut at %v", len(m.Alerts), ends)
	}
	if len(ends) > mostParts && !planned.Compact {
		t.Errorf("%d parts that are not compact", len(ends))
	}
	from := 0
	for i, to := range ends {
		part := e.part(planned, from, to, i+1, len(ends))
		if len(ends) == 1 {
			part.Part, part.Parts = 0, 0
		}
		part.Unsure, part.Accepted = true, time.Now()
		request, err := e.encode(part)
		if err != nil || request.Size > e.limit || len(request.Body) == 0 {
			t.Errorf("part %d: %d bytes of %d, %v", i+1, request.Size, e.limit, err)
		}
		if whole, err := e.channel.Encode(e.target, part, e.now); to-from > 1 && (err != nil || whole.Size > e.limit) {
			t.Errorf("part %d, of %d alerts, has %d bytes of %d before it is shortened, %v", i+1, to-from, whole.Size, e.limit, err)
		}
		from = to
	}
	sent := len(ends) / 2
	if sent == 0 {
		return
	}
	again, rest, err := e.plan(m, ends[sent-1])
	if err != nil || again.Compact != planned.Compact || cmp.Diff(ends[sent:], rest) != "" {
		t.Errorf("after %d parts the rest is cut at %v (compact %v), not at %v (compact %v), %v", sent, rest, again.Compact, ends[sent:], planned.Compact, err)
	}
}

// TestMentionsOnce: the first message of a receiver calls people, also where it begins in the middle
// of what another has shown; the others do not.
func TestMentionsOnce(t *testing.T) {
	m := sampleMessage(t, "many", Style{})
	m.Mentions = []Mention{{User: "ou_1"}}
	for _, first := range []int{0, 40} {
		e := newEncoder(channelOfType("feishu"), targets["feishu"], time.Now())
		e.first = first
		for _, from := range []int{first, first + 10} {
			if called := len(e.part(m, from, from+5, 1, 2).Mentions) > 0; called != (from == first) {
				t.Errorf("the part from %d on, of what begins at %d, calls: %v", from, first, called)
			}
		}
	}
}
