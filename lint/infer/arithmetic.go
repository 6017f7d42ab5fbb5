package infer

import (
	"math"

	"github.com/prometheus/prometheus/promql/parser"
)

// arithmetic bounds what an arithmetic operator makes of two values.
func arithmetic(i Interval, op parser.ItemType, j Interval) Interval {
	if x, ok := i.Point(); ok {
		if y, ok := j.Point(); ok {
			return calculate(x, op, y)
		}
	}
	i, j = i.reachable(), j.reachable()
	switch op {
	case parser.ADD:
		return i.add(j)
	case parser.SUB:
		return i.add(j.negate())
	case parser.MUL:
		return i.mul(j)
	case parser.DIV:
		return i.div(j)
	case parser.MOD:
		return i.mod(j)
	case parser.POW:
		return i.pow(j)
	case parser.ATAN2:
		return Interval{Lo: -math.Pi, Hi: math.Pi, NaN: i.NaN || j.NaN}
	}
	return anything()
}

// calculate is what the engine does with two numbers (promql scalarBinop).
func calculate(x float64, op parser.ItemType, y float64) Interval {
	switch op {
	case parser.ADD:
		return point(x + y)
	case parser.SUB:
		return point(x - y)
	case parser.MUL:
		return point(x * y)
	case parser.DIV:
		return point(x / y)
	case parser.MOD:
		return point(math.Mod(x, y))
	case parser.POW:
		return point(math.Pow(x, y))
	case parser.ATAN2:
		return point(math.Atan2(x, y))
	}
	return anything()
}

func (i Interval) negate() Interval {
	i.Lo, i.Hi, i.LoOpen, i.HiOpen = -i.Hi, -i.Lo, i.HiOpen, i.LoOpen
	return i
}

func (i Interval) add(j Interval) Interval {
	out := Interval{Lo: i.Lo + j.Lo, Hi: i.Hi + j.Hi, Integer: i.Integer && j.Integer, NaN: i.NaN || j.NaN}
	if i.noNumbers() || j.noNumbers() {
		out.Lo, out.Hi = nothing().Lo, nothing().Hi
		return out
	}
	if i.plusInfinity() && j.minusInfinity() || i.minusInfinity() && j.plusInfinity() {
		out.NaN = true
	}
	if math.IsNaN(out.Lo) {
		out.Lo = -inf
	}
	if math.IsNaN(out.Hi) {
		out.Hi = inf
	}
	return out
}

func (i Interval) mul(j Interval) Interval {
	out := Interval{Lo: inf, Hi: -inf, Integer: i.Integer && j.Integer, NaN: i.NaN || j.NaN}
	if i.noNumbers() || j.noNumbers() {
		return out
	}
	if i.contains0() && j.infinite() || j.contains0() && i.infinite() {
		out.NaN = true
	}
	for _, x := range []float64{i.Lo, i.Hi} {
		for _, y := range []float64{j.Lo, j.Hi} {
			product := x * y
			if math.IsNaN(product) {
				product = 0
			}
			out.Lo, out.Hi = min(out.Lo, product), max(out.Hi, product)
		}
	}
	return out
}

func (i Interval) div(j Interval) Interval {
	out := Interval{Lo: inf, Hi: -inf, NaN: i.NaN || j.NaN}
	if i.noNumbers() || j.noNumbers() {
		return out
	}
	if j.contains0() {
		// The sign of a zero divisor is not known, so neither is that of the quotient.
		return anything()
	}
	if i.infinite() && j.infinite() {
		out.NaN = true
	}
	for _, x := range []float64{i.Lo, i.Hi} {
		for _, y := range []float64{j.Lo, j.Hi} {
			// Where both are infinite, what is near is between the other corners.
			if quotient := x / y; !math.IsNaN(quotient) {
				out.Lo, out.Hi = min(out.Lo, quotient), max(out.Hi, quotient)
			}
		}
	}
	if out.noNumbers() {
		return anything()
	}
	return out
}

// mod follows math.Mod: the sign is that of i, the size below those of both.
func (i Interval) mod(j Interval) Interval {
	if i.noNumbers() || j.noNumbers() {
		return point(math.NaN())
	}
	out := Interval{Integer: i.Integer && j.Integer, NaN: i.NaN || j.NaN || i.infinite() || j.contains0()}
	bound, open := max(math.Abs(i.Lo), math.Abs(i.Hi)), false
	if divisor := max(math.Abs(j.Lo), math.Abs(j.Hi)); divisor <= bound {
		bound, open = divisor, true
	}
	if i.Lo < 0 {
		out.Lo, out.LoOpen = -bound, open
	}
	if i.Hi > 0 {
		out.Hi, out.HiOpen = bound, open
	}
	return out.tighten()
}

// pow follows math.Pow where it never returns a negative number.
func (i Interval) pow(j Interval) Interval {
	if i.noNumbers() || j.noNumbers() {
		return anything()
	}
	// -0 to an odd power below 0 is -Inf.
	positive := i.Lo > 0 || i.Lo == 0 && j.Lo >= 0
	if y, ok := j.Point(); ok && math.Mod(y, 2) == 0 {
		positive = true
	}
	if !positive {
		return anything()
	}
	return Interval{Lo: 0, Hi: inf, NaN: i.NaN || j.NaN}
}
