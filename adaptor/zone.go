package adaptor

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rulekit/rulekit/rules"
)

// ZoneByName returns the time zone that the key time_zone names, from the IANA database. The
// error suggests another name; it has no place.
func ZoneByName(name string) (*time.Location, error) {
	// LoadLocation takes "" for UTC and "Local" for whatever the machine is set to.
	if name != "" && name != "Local" {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone, nil
		}
	}
	suggestion := "such as Asia/Shanghai, Europe/Berlin or UTC"
	if meant := meantZone(name); meant != "" {
		suggestion = fmt.Sprintf("did you mean %q?", meant)
	}
	return nil, fmt.Errorf("%q is no time zone: want a name of the IANA database (%s)", name, suggestion)
}

// commonZones are suggested for names that are near to them, or to their city.
var commonZones = strings.Fields(`UTC
	Africa/Cairo Africa/Johannesburg Africa/Lagos Africa/Nairobi
	America/Argentina/Buenos_Aires America/Bogota America/Chicago America/Denver America/Los_Angeles
	America/Mexico_City America/New_York America/Sao_Paulo America/Toronto America/Vancouver
	Asia/Bangkok Asia/Dhaka Asia/Dubai Asia/Ho_Chi_Minh Asia/Hong_Kong Asia/Jakarta Asia/Jerusalem
	Asia/Karachi Asia/Kolkata Asia/Kuala_Lumpur Asia/Macau Asia/Manila Asia/Riyadh Asia/Seoul
	Asia/Shanghai Asia/Singapore Asia/Taipei Asia/Tehran Asia/Tokyo Asia/Urumqi
	Australia/Melbourne Australia/Perth Australia/Sydney
	Europe/Amsterdam Europe/Athens Europe/Berlin Europe/Brussels Europe/Dublin Europe/Helsinki
	Europe/Istanbul Europe/Kyiv Europe/Lisbon Europe/London Europe/Madrid Europe/Moscow Europe/Oslo
	Europe/Paris Europe/Prague Europe/Rome Europe/Stockholm Europe/Vienna Europe/Warsaw Europe/Zurich
	Pacific/Auckland Pacific/Honolulu`)

// zoneMistakes are names that people write for zones that are called otherwise.
var zoneMistakes = map[string]string{
	"cst": "Asia/Shanghai", "china": "Asia/Shanghai", "china standard time": "Asia/Shanghai", "beijing": "Asia/Shanghai",
	"asia/beijing": "Asia/Shanghai", "shenzhen": "Asia/Shanghai", "asia/shenzhen": "Asia/Shanghai",
	"jst": "Asia/Tokyo", "kst": "Asia/Seoul", "sgt": "Asia/Singapore", "hkt": "Asia/Hong_Kong", "ist": "Asia/Kolkata",
	"india": "Asia/Kolkata", "asia/mumbai": "Asia/Kolkata", "asia/delhi": "Asia/Kolkata", "edt": "America/New_York",
	"cdt": "America/Chicago", "mdt": "America/Denver", "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles",
	"bst": "Europe/London", "cest": "Europe/Berlin", "msk": "Europe/Moscow", "aest": "Australia/Sydney", "z": "UTC",
}

// zoneOffset is an offset, which is no name: its rules are not known.
var zoneOffset = regexp.MustCompile(`(?i)^(?:utc|gmt)?([+-])0?(\d{1,2})(?::?00)?$`)

// meantZone returns the zone that was probably meant, or "".
func meantZone(name string) string {
	lower := strings.ToLower(strings.TrimSpace(name))
	if meant := cmp.Or(zoneMistakes[lower], nearestZone(lower)); meant != "" {
		return meant
	}
	offset := zoneOffset.FindStringSubmatch(lower)
	if offset == nil {
		return ""
	}
	hours, _ := strconv.Atoi(offset[2])
	switch {
	case hours == 0:
		return "UTC"
	case offset[1] == "+" && hours == 8:
		return "Asia/Shanghai"
	case hours > 12:
		return ""
	}
	// The signs of these zones are those of POSIX: west is positive.
	return fmt.Sprintf("Etc/GMT%s%d", strings.Trim("+-", offset[1]), hours)
}

// nearestZone returns a common zone by its name or its city, in any case.
func nearestZone(lower string) string {
	var cities []string
	for _, zone := range commonZones {
		city := strings.ToLower(zone[strings.LastIndex(zone, "/")+1:])
		if strings.ReplaceAll(lower, " ", "_") == city {
			return zone
		}
		cities = append(cities, strings.ToLower(zone))
	}
	near := rules.Nearest(lower, cities)
	for i, zone := range cities {
		if zone == near {
			return commonZones[i]
		}
	}
	return ""
}
