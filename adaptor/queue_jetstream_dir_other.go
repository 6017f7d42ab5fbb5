//go:build !linux && !darwin && !freebsd

package adaptor

import (
	"math"
	"os"
)

// lockFile does nothing where there is no flock: one adaptor a directory is up to its user.
func lockFile(*os.File) error { return nil }

func freeBytes(string) (uint64, error) { return math.MaxUint64, nil }

func syncDir(string) error { return nil }
