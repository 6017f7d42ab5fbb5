package adaptor

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/nats-io/nats.go"
)

// What is stored: an item is a message whose body is the webhook's, whose subject has the
// receiver, and whose header has the rest. Each thing that happens to a line is a record in the
// journal, which is JSON.
const (
	headerItem = "Rulekit-Item"
	headerDead = "Rulekit-Dead"
	// compressFrom is the size in bytes from which bodies are compressed.
	compressFrom = 1 << 10
	// largestBody bounds the bytes that a stored body may unpack to.
	largestBody = 4 * MaxBody
	// longestReceiver is the most bytes of a receiver's name, which becomes a part of a subject.
	longestReceiver = 512
)

// itemHeader is what is stored of an item beside its receiver and body. Times are nanoseconds
// since 1970.
type itemHeader struct {
	// Order is the item's place in its line and about the time it was put: it grows from item
	// to item.
	Order       int64  `json:"order"`
	Accepted    int64  `json:"accepted"`
	Key         string `json:"key,omitempty"`
	FallbackFor string `json:"fallback_for,omitempty"`
	Reason      string `json:"reason,omitempty"`
	Shown       int    `json:"shown,omitempty"`
	Parts       int    `json:"parts,omitempty"`
	Unsure      bool   `json:"unsure,omitempty"`
	// Size is the number of bytes of the body, which is compressed if Encoding says so.
	Size     int    `json:"size"`
	Encoding string `json:"encoding,omitempty"`
	// DeadLetter is the dead letter that the item was, if it was replayed, and
	// Replayed is when.
	DeadLetter *deadLetter `json:"dead_letter,omitempty"`
	Replayed   int64       `json:"replayed,omitempty"`
}

// deadLetter names a dead letter: its number and when it was given up, which tells it from one that
// had the number before.
type deadLetter struct {
	Number uint64 `json:"number"`
	At     int64  `json:"at"`
}

// deadHeader is what is stored of a dead letter beside the item.
type deadHeader struct {
	At       int64  `json:"at"`
	Attempts int    `json:"attempts"`
	Why      string `json:"why"`
}

// itemID names an item by its place in the streams.
type itemID struct {
	shard int
	seq   uint64
}

func (id itemID) String() string { return fmt.Sprintf("%d-%d", id.shard, id.seq) }

// MarshalText writes the form "shard-sequence".
func (id itemID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (id *itemID) UnmarshalText(text []byte) error {
	shard, seq, _ := strings.Cut(string(text), "-")
	s, err := strconv.Atoi(shard)
	n, seqErr := strconv.ParseUint(seq, 10, 64)
	if err != nil || seqErr != nil || s < 0 || s >= shards || n == 0 {
		return fmt.Errorf("item %q: want shard-sequence", text)
	}
	*id = itemID{s, n}
	return nil
}

// lineRecord is a record of the journal: the state of a line after something happened to it,
// and the items that it settled.
type lineRecord struct {
	// Due is when the head may be leased.
	Due int64 `json:"due,omitempty"`
	// Batch are the first items of the line, which Progress is about: without them it only has
	// Calls.
	Batch []itemID `json:"batch,omitempty"`
	// First is the order of the first of them, which tells it from one that had its ID before.
	First    int64          `json:"first,omitempty"`
	Progress progressRecord `json:"progress"`
	Settled  []settledItem  `json:"settled,omitempty"`
}

type progressRecord struct {
	Attempt int     `json:"attempt,omitempty"`
	Shown   int     `json:"shown,omitempty"`
	Parts   int     `json:"parts,omitempty"`
	Unsure  int     `json:"unsure,omitempty"`
	Through int     `json:"through,omitempty"`
	Calls   []int64 `json:"calls,omitempty"`
}

// settledItem is an item that has left its line. Key and Order outlive it, so that it is known
// again.
type settledItem struct {
	ID    itemID `json:"id"`
	Key   string `json:"key,omitempty"`
	Order int64  `json:"order,omitempty"`
}

func recordOf(p Progress) progressRecord {
	r := progressRecord{Attempt: p.Attempt, Shown: p.Shown, Parts: p.Parts, Unsure: p.Unsure, Through: p.Through}
	for _, call := range p.Calls {
		r.Calls = append(r.Calls, nanos(call))
	}
	return r
}

func (r progressRecord) progress() Progress {
	p := Progress{Attempt: r.Attempt, Shown: r.Shown, Parts: r.Parts, Unsure: r.Unsure, Through: r.Through}
	for _, call := range r.Calls {
		p.Calls = append(p.Calls, timeOf(call))
	}
	return p
}

// nanos is a time in nanoseconds since 1970, and timeOf reads it; 0 is no time.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func timeOf(nanos int64) time.Time {
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos)
}

func decodeRecord(data []byte) (lineRecord, error) {
	var r lineRecord
	if err := json.Unmarshal(data, &r); err != nil {
		return lineRecord{}, fmt.Errorf("journal record: %w", err)
	}
	if p := r.Progress; p.Attempt < 0 || p.Shown < 0 || p.Parts < 0 || p.Unsure < 0 || p.Through < 0 {
		return lineRecord{}, errors.New("journal record: the progress is negative")
	}
	for _, settled := range r.Settled {
		if settled.ID.seq == 0 {
			return lineRecord{}, errors.New("journal record: a settled item has no id")
		}
	}
	return r, nil
}

// token makes any text a part of a subject, and back.
func token(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// receiverOf returns the receiver whose token is the last part of a subject.
func receiverOf(subject string) (string, error) {
	name, err := base64.RawURLEncoding.DecodeString(subject[strings.LastIndexByte(subject, '.')+1:])
	if err != nil || len(name) == 0 {
		return "", fmt.Errorf("subject %q names no receiver", subject)
	}
	return string(name), nil
}

// encodeItem makes the message of an item, without a subject.
func encodeItem(item Item, h itemHeader) (*nats.Msg, error) {
	h.Accepted, h.Key, h.FallbackFor, h.Reason = nanos(item.Accepted), item.Key, item.FallbackFor, item.Reason
	h.Shown, h.Parts, h.Unsure, h.Size, h.Replayed = item.Shown, item.Parts, item.Unsure, len(item.Body), nanos(item.Replayed)
	msg := &nats.Msg{Header: nats.Header{}, Data: item.Body}
	if h.Encoding = ""; len(item.Body) >= compressFrom {
		if packed := s2.Encode(nil, item.Body); len(packed) < len(item.Body) {
			h.Encoding, msg.Data = "s2", packed
		}
	}
	return msg, setHeader(msg.Header, headerItem, h)
}

// setHeader writes a value as JSON into a header. JSON has no line breaks, which would end it.
func setHeader(header nats.Header, name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	header.Set(name, string(text))
	return nil
}

// decodeHeader reads the header of an item.
func decodeHeader(header nats.Header) (itemHeader, error) {
	var h itemHeader
	if err := json.Unmarshal([]byte(header.Get(headerItem)), &h); err != nil {
		return h, fmt.Errorf("header %s: %w", headerItem, err)
	}
	if h.Size < 0 || h.Size > largestBody || h.Shown < 0 || h.Parts < 0 || h.Order < 0 || h.Order > math.MaxInt64/2 {
		return h, fmt.Errorf("header %s: order %d, size %d, shown %d, parts %d", headerItem, h.Order, h.Size, h.Shown, h.Parts)
	}
	return h, nil
}

// decodeItem reads an item from its message.
func decodeItem(subject string, header nats.Header, data []byte) (Item, itemHeader, error) {
	receiver, err := receiverOf(subject)
	if err != nil {
		return Item{}, itemHeader{}, err
	}
	h, err := decodeHeader(header)
	if err != nil {
		return Item{}, h, err
	}
	item := Item{
		Receiver: receiver, Key: h.Key, Body: data, Accepted: timeOf(h.Accepted),
		FallbackFor: h.FallbackFor, Reason: h.Reason, Shown: h.Shown, Parts: h.Parts,
		Unsure: h.Unsure, Replayed: timeOf(h.Replayed),
	}
	if h.Encoding == "s2" {
		if size, err := s2.DecodedLen(data); err != nil || size != h.Size {
			return Item{}, h, fmt.Errorf("the body unpacks to %d bytes, want %d", size, h.Size)
		}
		if item.Body, err = s2.Decode(nil, data); err != nil {
			return Item{}, h, fmt.Errorf("unpack the body: %w", err)
		}
	}
	if len(item.Body) != h.Size {
		return Item{}, h, fmt.Errorf("the body has %d bytes, want %d", len(item.Body), h.Size)
	}
	return item, h, nil
}

// decodeDead reads a dead letter from its message.
func decodeDead(seq uint64, subject string, header nats.Header, data []byte) (DeadItem, error) {
	item, _, err := decodeItem(subject, header, data)
	if err != nil {
		return DeadItem{}, fmt.Errorf("dead letter %d: %w", seq, err)
	}
	var h deadHeader
	if err := json.Unmarshal([]byte(header.Get(headerDead)), &h); err != nil {
		return DeadItem{}, fmt.Errorf("dead letter %d: header %s: %w", seq, headerDead, err)
	}
	return DeadItem{ID: strconv.FormatUint(seq, 10), Item: item, At: timeOf(h.At), Attempts: h.Attempts, Why: h.Why}, nil
}
