package infer

// Unit is what values are measured in.
type Unit int

// The units.
const (
	// UnknownUnit is any unit or none.
	UnknownUnit Unit = iota
	// Seconds and those below are lengths of time.
	Seconds
	Milliseconds
	Microseconds
	Nanoseconds
	// Timestamp is a moment, in seconds since the epoch.
	Timestamp
	// TimestampMilliseconds is a moment, in milliseconds since the epoch.
	TimestampMilliseconds
	// Bytes are bytes.
	Bytes
	// Ratio is a number without a unit, 1 for as much as what it is compared to. It is above 1
	// where there is more.
	Ratio
	// Percent is a ratio times 100.
	Percent
	// Count is a number of things.
	Count
	// Flag is 0 or 1.
	Flag
	// PerSecond is a number of things in each second.
	PerSecond
	// BytesPerSecond is a number of bytes in each second.
	BytesPerSecond
	// Celsius and those below are physical.
	Celsius
	Volts
	Amperes
	Watts
	Joules
	Hertz
	Meters
	Grams
)

var unitNames = [...]string{
	"unknown", "seconds", "milliseconds", "microseconds", "nanoseconds", "seconds since the epoch",
	"milliseconds since the epoch", "bytes", "a ratio", "percent", "a count", "0 or 1", "a count per second",
	"bytes per second", "degrees Celsius", "volts", "amperes", "watts", "joules", "hertz", "meters", "grams",
}

// String is the unit as a sentence would have it, such as "seconds" or "a ratio".
func (u Unit) String() string { return unitNames[u] }

// length tells whether the unit is a length of time.
func (u Unit) length() bool { return u >= Seconds && u <= Nanoseconds }

// amount tells whether values of the unit may be added up, and divided by one another.
func (u Unit) amount() bool {
	switch u {
	case UnknownUnit, Timestamp, TimestampMilliseconds, Ratio, Percent, Flag, Celsius, Hertz:
		return false
	}
	return true
}

// times are the units that values of one unit have after a multiplication.
var times = map[Unit]map[float64]Unit{
	Ratio:        {100: Percent},
	Seconds:      {1e3: Milliseconds, 1e6: Microseconds, 1e9: Nanoseconds},
	Milliseconds: {1e3: Microseconds, 1e6: Nanoseconds, 1e-3: Seconds},
	Microseconds: {1e3: Nanoseconds, 1e-3: Milliseconds, 1e-6: Seconds},
	Nanoseconds:  {1e-3: Microseconds, 1e-6: Milliseconds, 1e-9: Seconds},
	Timestamp:    {1e3: TimestampMilliseconds},
	Percent:      {0.01: Ratio},

	TimestampMilliseconds: {1e-3: Timestamp},
}

// dividedBy are the units that values of one unit have after a division.
var dividedBy = map[Unit]map[float64]Unit{
	Percent:      {100: Ratio},
	Milliseconds: {1e3: Seconds},
	Microseconds: {1e3: Milliseconds, 1e6: Seconds},
	Nanoseconds:  {1e3: Microseconds, 1e6: Milliseconds, 1e9: Seconds},

	TimestampMilliseconds: {1e3: Timestamp},
}

// quotients are the units of a quotient of two different ones.
var quotients = map[[2]Unit]Unit{
	{Count, Seconds}: PerSecond, {Bytes, Seconds}: BytesPerSecond, {Joules, Seconds}: Watts,
	{Count, PerSecond}: Seconds, {Bytes, BytesPerSecond}: Seconds, {Joules, Watts}: Seconds,
}

// perSecond is the unit of how fast values of a unit grow.
func perSecond(u Unit) Unit {
	switch u {
	case Seconds, Timestamp:
		return Ratio
	case Bytes:
		return BytesPerSecond
	case Count:
		return PerSecond
	case Joules:
		return Watts
	}
	return UnknownUnit
}
