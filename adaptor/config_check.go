package adaptor

import (
	"fmt"
	"slices"

	"github.com/prometheus/common/model"
)

// checkReceivers checks what one receiver means for another.
func (r *configReader) checkReceivers() {
	lines := map[string]int{}
	for _, place := range r.places {
		if first := lines[place.name]; first > 0 {
			r.problem(place.line, "receiver %q: the name is taken by the receiver at line %d", place.name, first)
		} else if place.name != "" {
			lines[place.name] = place.line
		}
	}
	r.checkFallbacks(lines)
	r.checkRates()
}

// checkFallbacks checks that what receivers leave to their fallbacks ends somewhere.
func (r *configReader) checkFallbacks(lines map[string]int) {
	fallbacks := map[string]string{}
	var names []string
	for _, receiver := range r.config.Receivers {
		fallbacks[receiver.Name] = receiver.Fallback
		names = append(names, receiver.Name)
	}
	for i, receiver := range r.config.Receivers {
		place := r.places[i]
		about := fmt.Sprintf("receiver %q: ", receiver.Name)
		switch {
		case receiver.Fallback == "":
			if receiver.FallbackAfter > 0 {
				r.problem(place.fields["fallback_after"].Line, "%sfallback_after without a fallback: name the receiver that gets what this one cannot deliver", about)
			}
			continue
		case receiver.Fallback == receiver.Name:
			r.problem(place.fields["fallback"].Line, "%sit is its own fallback: name another receiver", about)
		case lines[receiver.Fallback] == 0:
			r.problem(place.fields["fallback"].Line, "%sthe fallback %q is not a receiver%s", about, receiver.Fallback, didYouMean(receiver.Fallback, names))
		case circle(fallbacks, receiver.Name):
			r.problem(place.fields["fallback"].Line, "%sits fallbacks lead back to it: a notification that none of them can deliver would go round for ever", about)
		}
		if receiver.MaxAge > 0 && receiver.FallbackAfter >= receiver.MaxAge {
			r.problem(place.fields["fallback_after"].Line, "%sfallback_after must be shorter than max_age, which is %s", about, model.Duration(receiver.MaxAge))
		}
	}
}

// circle tells whether the fallbacks of a receiver lead back to it.
func circle(fallbacks map[string]string, name string) bool {
	seen := []string{name}
	for next := fallbacks[name]; next != ""; next = fallbacks[next] {
		if slices.Contains(seen, next) {
			return next == name
		}
		seen = append(seen, next)
	}
	return false
}

// checkRates checks that receivers of one bot agree on its rates: they share its limits.
func (r *configReader) checkRates() {
	first := map[string]int{}
	for i := range r.config.Receivers {
		receiver := &r.config.Receivers[i]
		if !r.places[i].fit {
			continue
		}
		bot := receiver.bot()
		j, known := first[bot]
		if !known {
			first[bot] = i
			continue
		}
		if !slices.Equal(receiver.rates(), r.config.Receivers[j].rates()) {
			r.problem(r.places[i].line, "receiver %q: it has the same bot as the receiver at line %d, but other rates: they share the bot's limits", receiver.Name, r.places[j].line)
		}
	}
}
