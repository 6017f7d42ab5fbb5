package adaptor

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// TestSecondPartOverARestart: however many alerts a group has, what was in the part that may have
// arrived is sent again in messages that say so, and no alert comes twice without that.
func TestSecondPartOverARestart(t *testing.T) {
	for alerts := 50; alerts <= 500; alerts += 50 {
		for _, channel := range []string{"feishu", "dingtalk"} {
			t.Run(fmt.Sprint(alerts, " alerts to ", channel), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { resendSecondPart(t, channel, alerts) })
			})
		}
	}
}

func resendSecondPart(t *testing.T, channel string, alerts int) {
	queue := NewMemoryQueue(MemoryLimits{})
	first := newBench(t, Options{Config: toChannel(channel), Queue: keepOpen{queue}, DrainTimeout: time.Second})
	first.ims[channel].Fail(fakeim.Fault{}, fakeim.Fault{Delay: time.Minute})
	first.post(channel, groupOf("a", alerts, "firing"))
	time.Sleep(5 * time.Second)
	first.stop()
	<-first.stopped
	second := newBench(t, Options{Config: toChannel(channel), Queue: keepOpen{queue}})
	time.Sleep(time.Hour)
	second.stop()
	<-second.stopped
	told, unmarked := map[string]int{}, map[string]int{}
	for _, text := range append(acceptedTexts(first.ims[channel]), acceptedTexts(second.ims[channel])...) {
		for i := range alerts {
			name := fmt.Sprintf("disk a-%d is full", i)
			told[name] += strings.Count(text, name)
			if !strings.Contains(text, english.Unsure) {
				unmarked[name] += strings.Count(text, name)
			}
		}
	}
	for name, times := range told {
		if times == 0 || unmarked[name] > 1 {
			t.Errorf("%s: told %d times, %d of them without a mark", name, times, unmarked[name])
		}
	}
}
