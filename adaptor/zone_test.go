package adaptor

import (
	"strings"
	"testing"
	"time"
)

func TestZoneByName(t *testing.T) {
	for _, name := range commonZones {
		if zone, err := ZoneByName(name); err != nil || zone.String() != name {
			t.Errorf("%s: %v, %v", name, zone, err)
		}
	}
	tests := map[string]string{
		"CST": "Asia/Shanghai", "Asia/Beijing": "Asia/Shanghai", "beijing": "Asia/Shanghai", "China Standard Time": "Asia/Shanghai", "UTC+8": "Asia/Shanghai", "GMT+08:00": "Asia/Shanghai", "+0800": "Asia/Shanghai",
		"asia/shanghai": "Asia/Shanghai", "Asia/Shangai": "Asia/Shanghai", "shanghai": "Asia/Shanghai", "New York": "America/New_York", "PST": "America/Los_Angeles", "Europe/Berln": "Europe/Berlin",
		"UTC-5": "Etc/GMT+5", "+09:00": "Etc/GMT-9", "utc": "UTC", "UTC+0": "UTC", "Z": "UTC",
	}
	for name, want := range tests {
		if _, err := time.LoadLocation(want); err != nil {
			t.Errorf("%s is suggested, and is none: %v", want, err)
		}
		if _, err := ZoneByName(name); err == nil || !strings.Contains(err.Error(), `did you mean "`+want+`"?`) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	for _, name := range []string{"", "Local", "nowhere", "../../etc/passwd", "UTC+13", "+99:00"} {
		if _, err := ZoneByName(name); err == nil || !strings.Contains(err.Error(), "such as Asia/Shanghai") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestMessageTime tells the zone by its offset, in summer and winter.
func TestMessageTime(t *testing.T) {
	berlin, err := ZoneByName("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	winter := time.Date(2026, time.January, 5, 8, 30, 0, 0, time.UTC)
	for want, m := range map[string]Message{
		"2026-01-05 08:30:00 UTC":    {},
		"2026-01-05 09:30:00 +01:00": {Style: Style{Zone: berlin}},
	} {
		if got := m.time(winter); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got, want := (Message{Style: Style{Zone: berlin}}).time(winter.AddDate(0, 6, 0)), "2026-07-05 10:30:00 +02:00"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
