package adaptor

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/minio/highwayhash"
)

// The embedded server cuts a block file off at the first record that is damaged, and with it all
// that follows. So the files are looked through before it starts: what is whole is kept, a copy
// of the damaged file too, and the log says so.
//
// A record of a block is, in little endian: its length with the top bit set if it has headers
// (4 bytes), its sequence (8), a time (8), the length of the subject (2), the subject, with
// headers their length (4) and they, the body, and a hash of all but the lengths (8). One that
// only marks a deletion has no subject. See (*msgBlock).writeMsgRecordLocked in nats-server's
// server/filestore.go.
const (
	recordHead    = 22
	recordHash    = 8
	recordHeaders = 1 << 31
	// longestRecord is the length from which the server takes one to be damaged.
	longestRecord = 32 << 20
)

// repair looks through the block files of a store directory.
func repair(dir string, log *slog.Logger) error {
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "*", "msgs", "*.blk"))
	if err != nil {
		return fmt.Errorf("queue in %s: %w", dir, err)
	}
	for _, path := range blocks {
		if err := repairBlock(dir, path, log); err != nil {
			return fmt.Errorf("queue in %s: %w", dir, err)
		}
	}
	return nil
}

func repairBlock(dir, path string, log *slog.Logger) error {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	stream := filepath.Base(filepath.Dir(filepath.Dir(path)))
	number := strings.TrimSuffix(filepath.Base(path), ".blk")
	whole, damaged := wholeRecords(content, blockHash(stream, number))
	if len(damaged) == 0 {
		return nil
	}
	sum := sha256.Sum256(content)
	saved := filepath.Join(dir, "damaged", fmt.Sprintf("%s-%s-%x.blk", stream, number, sum[:4]))
	if err := replaceFile(saved, content); err != nil {
		return err
	}
	if err := replaceFile(path, whole); err != nil {
		return err
	}
	// The index is of the file as it was; the server makes a new one.
	if err := os.Remove(filepath.Join(filepath.Dir(path), "index.db")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	report(log, stream, saved, damaged)
	return nil
}

// blockHash is the hash of the records of a block file.
func blockHash(stream, number string) hash.Hash64 {
	key := sha256.Sum256([]byte(stream + "-" + number))
	check, err := highwayhash.New64(key[:])
	if err != nil {
		panic(err) // the key has the length it must have
	}
	return check
}

// report says what was damaged.
func report(log *slog.Logger, stream, saved string, damaged []damage) {
	for _, d := range damaged {
		if d.atEnd {
			log.Warn("the last record of a queue file was not whole, as after a power failure: it was cut off",
				"stream", stream, "bytes", d.end-d.start, "copy", saved)
			continue
		}
		log.Error("a queue file was damaged: what these bytes held is lost, what was delivered may come again",
			"stream", stream, "offset", d.start, "bytes", d.end-d.start, "copy", saved)
	}
}

// damage is a range of bytes that are no record.
type damage struct {
	start, end int
	atEnd      bool
}

// wholeRecords returns the records that are whole, and what is between them.
func wholeRecords(block []byte, check hash.Hash64) (whole []byte, damaged []damage) {
	for at := 0; at < len(block); {
		if n := recordLength(block[at:], check); n > 0 {
			if len(damaged) > 0 {
				whole = append(whole, block[at:at+n]...)
			}
			at += n
			continue
		}
		if len(damaged) == 0 {
			whole = append(whole, block[:at]...)
		}
		next := at + 1
		for next < len(block) && recordLength(block[next:], check) == 0 {
			next++
		}
		damaged = append(damaged, damage{at, next, next == len(block)})
		at = next
	}
	return whole, damaged
}

// recordLength is the length of the record that a text begins with, 0 if it begins with none.
func recordLength(block []byte, check hash.Hash64) int {
	if len(block) < recordHead+recordHash {
		return 0
	}
	length := binary.LittleEndian.Uint32(block)
	headers := length&recordHeaders != 0
	n := int(length &^ recordHeaders)
	subject := recordHead + int(binary.LittleEndian.Uint16(block[20:]))
	body := subject
	if headers {
		body += 4
	}
	if n > len(block) || n > longestRecord || n < body+recordHash {
		return 0
	}
	// Most of what is no record is told here, without its hash.
	if subject > recordHead && !bytes.HasPrefix(block[recordHead:], []byte("rulekit.")) {
		return 0
	}
	check.Reset()
	_, _ = check.Write(block[4:20])
	_, _ = check.Write(block[recordHead:subject])
	_, _ = check.Write(block[body : n-recordHash])
	if !bytes.Equal(check.Sum(nil), block[n-recordHash:n]) {
		return 0
	}
	return n
}

// replaceFile writes a file, on disk when it returns, in place of the one that may be there.
func replaceFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "new-")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return syncDir(filepath.Dir(path))
}
