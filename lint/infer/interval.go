package infer

import "math"

// Interval bounds float values. Its zero value is the point 0.
type Interval struct {
	// Lo and Hi are the least and the greatest value; they are not reached themselves where
	// LoOpen and HiOpen are set. An infinite bound that is open says that values are finite.
	Lo, Hi         float64
	LoOpen, HiOpen bool
	// Integer tells that all finite values are whole numbers.
	Integer bool
	// NaN tells that the value may also be no number.
	NaN bool
}

var inf = math.Inf(1)

func anything() Interval { return Interval{Lo: -inf, Hi: inf, NaN: true} }

// finite holds all numbers but the infinities.
func finite() Interval { return Interval{Lo: -inf, Hi: inf, LoOpen: true, HiOpen: true} }

// nothing is the interval that holds no value.
func nothing() Interval { return Interval{Lo: inf, Hi: -inf} }

func point(v float64) Interval {
	if math.IsNaN(v) {
		i := nothing()
		i.NaN = true
		return i
	}
	return Interval{Lo: v, Hi: v, Integer: v == math.Trunc(v)}
}

func whole(lo, hi float64) Interval { return Interval{Lo: lo, Hi: hi, Integer: true} }

// counted holds the finite whole numbers from lo.
func counted(lo float64) Interval { return Interval{Lo: lo, Hi: inf, HiOpen: true, Integer: true} }

// notNegative holds what a square root or a deviation can be.
var notNegative = Interval{Lo: 0, Hi: inf, NaN: true}

func (i Interval) noNumbers() bool {
	return i.Lo > i.Hi || i.Lo == i.Hi && (i.LoOpen || i.HiOpen)
}

// Empty tells whether no value at all is possible.
func (i Interval) Empty() bool { return !i.NaN && i.noNumbers() }

// Point returns the only possible value, if there is only one.
func (i Interval) Point() (v float64, ok bool) {
	return i.Lo, i.Lo == i.Hi && !i.LoOpen && !i.HiOpen && !i.NaN
}

// Contains tells whether v is possible.
func (i Interval) Contains(v float64) bool {
	if math.IsNaN(v) {
		return i.NaN
	}
	if v < i.Lo || v > i.Hi || v == i.Lo && i.LoOpen || v == i.Hi && i.HiOpen {
		return false
	}
	return !i.Integer || v == math.Trunc(v)
}

func (i Interval) contains0() bool { return i.Lo <= 0 && i.Hi >= 0 }

func (i Interval) minusInfinity() bool { return i.Lo == -inf && !i.LoOpen }

func (i Interval) plusInfinity() bool { return i.Hi == inf && !i.HiOpen }

func (i Interval) infinite() bool { return i.minusInfinity() || i.plusInfinity() }

// exactInteger is where doubles hold every whole number.
const exactInteger = 1 << 53

// tighten moves open bounds of whole numbers to the next whole number inside.
func (i Interval) tighten() Interval {
	if !i.Integer || i.noNumbers() {
		return i
	}
	if math.Abs(i.Lo) < exactInteger {
		if lo := math.Ceil(i.Lo); lo != i.Lo {
			i.Lo, i.LoOpen = lo, false
		} else if i.LoOpen {
			i.Lo, i.LoOpen = lo+1, false
		}
	}
	if math.Abs(i.Hi) < exactInteger {
		if hi := math.Floor(i.Hi); hi != i.Hi {
			i.Hi, i.HiOpen = hi, false
		} else if i.HiOpen {
			i.Hi, i.HiOpen = hi-1, false
		}
	}
	return i
}

// intersect holds the values that are in both.
func (i Interval) intersect(j Interval) Interval {
	out := i
	if j.Lo > i.Lo || j.Lo == i.Lo && j.LoOpen {
		out.Lo, out.LoOpen = j.Lo, j.LoOpen
	}
	if j.Hi < i.Hi || j.Hi == i.Hi && j.HiOpen {
		out.Hi, out.HiOpen = j.Hi, j.HiOpen
	}
	out.Integer = i.Integer || j.Integer
	out.NaN = i.NaN && j.NaN
	return out.tighten()
}

// hull holds the values of either.
func (i Interval) hull(j Interval) Interval {
	nan := i.NaN || j.NaN
	switch {
	case i.noNumbers():
		j.NaN = nan
		return j
	case j.noNumbers():
		i.NaN = nan
		return i
	}
	out := i
	if j.Lo < i.Lo || j.Lo == i.Lo && !j.LoOpen {
		out.Lo, out.LoOpen = j.Lo, j.LoOpen
	}
	if j.Hi > i.Hi || j.Hi == i.Hi && !j.HiOpen {
		out.Hi, out.HiOpen = j.Hi, j.HiOpen
	}
	out.Integer, out.NaN = i.Integer && j.Integer, nan
	return out
}

// reachable closes the bounds: rounding can carry a value onto a bound it was only near to. What
// is finite stays so, which is for the operation to undo where it can overflow.
func (i Interval) reachable() Interval {
	i.LoOpen, i.HiOpen = i.LoOpen && i.Lo == -inf, i.HiOpen && i.Hi == inf
	return i
}

// rounded widens the bounds by more than the rounding error of a long sum, which may overflow.
// Sums of whole numbers and the bound 0, which no sum of values on one side crosses, are exact.
func (i Interval) rounded() Interval {
	i.LoOpen, i.HiOpen = false, false
	if i.Integer && math.Abs(i.Lo) <= math.MaxInt32 && math.Abs(i.Hi) <= math.MaxInt32 {
		return i
	}
	const slack = 1e-9
	i.Lo -= slack * math.Abs(i.Lo)
	i.Hi += slack * math.Abs(i.Hi)
	if math.IsNaN(i.Lo) {
		i.Lo = -inf
	}
	if math.IsNaN(i.Hi) {
		i.Hi = inf
	}
	return i.tighten()
}
