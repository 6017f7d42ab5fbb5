package adaptor

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkPut measures how many items a second are durably accepted: by one who posts at a time,
// and by 16. The time of fsync alone is measured beside it.
func BenchmarkPut(b *testing.B) {
	body := []byte(strings.Repeat(`{"status":"firing","labels":{"alertname":"TooMany","pod":"db-0"}},`, 20))
	for _, posters := range []int{1, 16} {
		b.Run(fmt.Sprintf("c=%d", posters), func(b *testing.B) {
			queue, err := OpenJetStream(b.Context(), JetStreamOptions{Dir: b.TempDir(), MaxItems: 10_000_000})
			if err != nil {
				b.Fatal(err)
			}
			defer queue.Shutdown(b.Context())
			var all sync.WaitGroup
			var slowest atomic.Int64
			left := atomic.Int64{}
			left.Store(int64(b.N))
			b.ResetTimer()
			for range posters {
				all.Go(func() {
					for left.Add(-1) >= 0 {
						began := time.Now()
						item := Item{Receiver: "r" + fmt.Sprint(rand.N(10)), Key: fmt.Sprint(rand.Uint64()), Body: body, Accepted: began}
						if _, err := queue.Put(b.Context(), item); err != nil {
							b.Error(err)
							return
						}
						slowest.Store(max(slowest.Load(), int64(time.Since(began))))
					}
				})
			}
			all.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
			b.ReportMetric(time.Duration(slowest.Load()).Seconds()*1000, "ms-slowest")
		})
	}
}
