package adaptor

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nats-io/nats.go"
)

// FuzzLineRecord: any text in the journal is either refused or means the same when it is written
// again.
func FuzzLineRecord(f *testing.F) {
	f.Add(`{"due":7,"batch":["0-1","7-99"],"progress":{"attempt":3,"shown":2,"parts":1,"unsure":2,"through":3,"calls":[1,2]}}`)
	f.Add(`{"progress":{},"settled":[{"id":"1-1","key":"k","order":5},{"id":"2-2"}]}`)
	f.Add(`{"batch":["8-1"]}`)
	f.Add(`{"batch":["-1-1"]}`)
	f.Add(`{"progress":{"unsure":-1}}`)
	f.Add(`{"progress":{"through":-1}}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := decodeRecord([]byte(text))
		if err != nil {
			return
		}
		p := r.Progress.progress()
		if p.Unsure < 0 || p.Shown < 0 || p.Through < 0 {
			t.Errorf("%s: %+v", text, p)
		}
		for _, id := range r.Batch {
			if id.shard < 0 || id.shard >= shards || id.seq == 0 {
				t.Errorf("%s: item %s", text, id)
			}
		}
		written, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeRecord(written)
		if err != nil || cmp.Diff(r, again, cmp.AllowUnexported(itemID{}), cmpopts.EquateEmpty()) != "" {
			t.Errorf("%s became %s: %v", text, written, err)
		}
		index := newIndex(time.Minute)
		index.apply("a", journalEntry{1, time.Now(), r})
		index.arrive(itemID{0, 1}, "a", itemHeader{}, true)
	})
}

// FuzzItem: any header and body is either an item that is the same when it is written again, or
// refused, without an allocation that its size does not account for.
func FuzzItem(f *testing.F) {
	msg, err := encodeItem(Item{Body: make([]byte, 5000), Key: "k", Accepted: time.Unix(1, 2), Unsure: true, Reason: "r\r\nX: y"}, itemHeader{Order: 3})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("rulekit.in.0."+token("a"), msg.Header.Get(headerItem), `{"at":1,"attempts":2,"why":"x"}`, msg.Data)
	f.Add("rulekit.in.0."+token("ü\n"), `{"size":3}`, "{}", []byte("abc"))
	f.Add("rulekit.in.0.!", `{"size":4194304,"encoding":"s2"}`, "", []byte("\xff\xff\xff\x7f"))
	f.Fuzz(func(t *testing.T, subject, header, dead string, data []byte) {
		h := nats.Header{headerItem: {header}, headerDead: {dead}}
		item, got, err := decodeItem(subject, h, data)
		if err != nil {
			return
		}
		written, err := encodeItem(item, got)
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := decodeItem(itemSubject(0, item.Receiver), written.Header, written.Data)
		if err != nil || cmp.Diff(item, again) != "" {
			t.Errorf("%s: %v: %s", header, err, cmp.Diff(item, again))
		}
		if letter, err := decodeDead(7, subject, h, data); err == nil && letter.ID != "7" {
			t.Errorf("dead letter %q", letter.ID)
		}
	})
}

// appendRecord appends a record, without headers, to the first block of the first shard.
func appendRecord(block []byte, subject string, body []byte) []byte {
	head := make([]byte, recordHead)
	binary.LittleEndian.PutUint32(head, uint32(recordHead+len(subject)+len(body)+recordHash))
	binary.LittleEndian.PutUint64(head[4:], 1)
	binary.LittleEndian.PutUint16(head[20:], uint16(len(subject)))
	check := blockHash("rulekit-in-0", "1")
	for _, part := range [][]byte{head[4:20], []byte(subject), body} {
		_, _ = check.Write(part)
	}
	block = append(append(append(block, head...), subject...), body...)
	return check.Sum(block)
}

// FuzzWholeRecords: of any block file nothing that is whole is lost, and what is left is whole.
func FuzzWholeRecords(f *testing.F) {
	check := blockHash("rulekit-in-0", "1")
	var block []byte
	for i := range 4 {
		block = appendRecord(block, fmt.Sprint("rulekit.in.0.", i), fmt.Append(nil, "body ", i))
	}
	f.Add(block, 10, byte(1))
	f.Add(block, len(block)-1, byte(0x80))
	f.Fuzz(func(t *testing.T, block []byte, at int, flip byte) {
		if len(block) > 1<<16 {
			return
		}
		if len(block) > 0 && at >= 0 {
			block[at%len(block)] ^= flip
		}
		whole, damaged := wholeRecords(block, check)
		if len(damaged) == 0 {
			return
		}
		lost := 0
		for _, d := range damaged {
			lost += d.end - d.start
		}
		if len(whole)+lost != len(block) {
			t.Errorf("%d bytes are whole and %d damaged, of %d", len(whole), lost, len(block))
		}
		if _, damaged := wholeRecords(whole, check); len(damaged) > 0 {
			t.Errorf("still damaged: %v", damaged)
		}
	})
}
