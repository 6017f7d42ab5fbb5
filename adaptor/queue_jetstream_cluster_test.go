package adaptor

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

// TestJetStreamCluster: at a cluster of three servers, which need not have found each other yet,
// each notification is kept three times, and one server can go.
func TestJetStreamCluster(t *testing.T) {
	servers, urls := natsCluster(t, 3)
	b := joinBench(t, JetStreamOptions{URL: urls})
	info, err := b.jetStream().current().streams[journalStream].Info(t.Context())
	if err != nil || info.Config.Replicas != 3 {
		t.Errorf("%d replicas, %v", info.Config.Replicas, err)
	}
	var want []string
	for i := range 20 {
		want = append(want, fmt.Sprint(i))
	}
	b.putAll(want[:10])
	deliverAll(t, want[:5], b)
	stopServer(servers[2])
	b.putAll(want[10:])
	deliverAll(t, want[5:], b)
	b.empty("a")
}

// natsCluster starts servers that look for each other.
func natsCluster(t *testing.T, size int) (servers []*server.Server, urls string) {
	t.Helper()
	var clients, routes []string
	ports := freePorts(t, size)
	for _, port := range ports {
		routes = append(routes, fmt.Sprint("nats://127.0.0.1:", port))
	}
	for i, port := range ports {
		s := natsServer(t, t.TempDir(), func(o *server.Options) {
			o.ServerName = fmt.Sprint("server", i)
			o.DontListen, o.Host, o.Port = false, "127.0.0.1", server.RANDOM_PORT
			o.Cluster = server.ClusterOpts{Name: "cluster", Host: "127.0.0.1", Port: port}
			o.Routes = server.RoutesFromStr(strings.Join(routes, ","))
		})
		servers, clients = append(servers, s), append(clients, s.ClientURL())
	}
	return servers, strings.Join(clients, ", ")
}

// TestJetStreamSmallCluster: servers that are too few for three copies may only not have found each
// other yet, so that this is tried again, and taken for the truth in the end.
func TestJetStreamSmallCluster(t *testing.T) {
	_, urls := natsCluster(t, 2)
	b := joinBench(t, JetStreamOptions{URL: urls, Replicas: 1})
	s := b.jetStream().current()
	s.options.Replicas = 0
	e := ensuring{jetStore: s}
	config := jetstream.StreamConfig{Name: "small", Subjects: []string{"small"}}
	if _, err := e.try(t.Context(), config, false); !unsettled(err) {
		t.Errorf("with the first try: %v", err)
	}
	stream, err := e.try(t.Context(), config, true)
	b.check(err)
	if replicas := stream.CachedInfo().Config.Replicas; replicas != 1 {
		t.Errorf("%d replicas", replicas)
	}
	if !strings.Contains(b.logged(), "one machine's disk") {
		t.Errorf("log:\n%s", b.logged())
	}
	s.options.Replicas = 3
	config.Name, config.Subjects, config.Replicas = "large", []string{"large"}, 3
	if _, err := e.try(t.Context(), config, true); err == nil || !strings.HasPrefix(err.Error(), "the NATS server cannot keep 3 replicas: ") {
		t.Errorf("three that were asked for: %v", err)
	}
}

// TestJetStreamMissing: a server that has no JetStream is told at once.
func TestJetStreamMissing(t *testing.T) {
	s := natsServer(t, t.TempDir(), func(o *server.Options) { o.JetStream = false })
	began := time.Now()
	_, err := OpenJetStream(t.Context(), JetStreamOptions{URL: "nats://cluster", nearby: s})
	if err == nil || !strings.Contains(err.Error(), "has no JetStream: it is switched on by") {
		t.Errorf("got %v", err)
	}
	if time.Since(began) > clusterPatience {
		t.Error("that took long")
	}
}

// slowStreams is JetStream that takes a while to make a stream, and mute a stream that does not
// answer once.
type slowStreams struct {
	jetstream.JetStream
	delay time.Duration
}

type mute struct {
	jetstream.Stream
	asked bool
}

func (s slowStreams) CreateStream(ctx context.Context, config jetstream.StreamConfig) (jetstream.Stream, error) {
	select {
	case <-time.After(s.delay):
		return s.JetStream.CreateStream(ctx, config)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *mute) Info(ctx context.Context, options ...jetstream.StreamInfoOpt) (*jetstream.StreamInfo, error) {
	if !m.asked {
		m.asked = true
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return m.Stream.Info(ctx, options...)
}

// TestJetStreamSlow: streams are made by a server that takes long for each, embedded or not, and one
// answer that does not come is asked for again.
func TestJetStreamSlow(t *testing.T) {
	test := func(b *queueBench, delay time.Duration) {
		open := b.jetStream().current()
		s := &jetStore{options: open.options, log: open.log, server: open.server, js: slowStreams{open.js, delay}, streams: map[string]jetstream.Stream{}}
		began := time.Now()
		b.check(s.ensureStreams(b.t.Context()))
		if took := time.Since(began); took < clusterPatience {
			b.t.Errorf("it took only %s", took)
		}
		began = time.Now()
		ctx, cancel := context.WithTimeout(b.t.Context(), startTimeout)
		defer cancel()
		s.streams[journalStream] = &mute{Stream: s.streams[journalStream]}
		b.check(s.awaitEnd(ctx, journalStream, nil))
		if took := time.Since(began); took > 2*storeWait {
			b.t.Errorf("it took %s", took)
		}
	}
	t.Run("embedded", func(t *testing.T) {
		durable(t, func(b *queueBench) { test(b, 2*storeWait) })
	})
	t.Run("cluster", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			test(joinBench(t, JetStreamOptions{URL: "nats://cluster", nearby: natsServer(t, t.TempDir(), nil)}), storeWait-time.Second)
		})
	})
}

// freePorts are ports of this machine that nobody listens on.
func freePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports
}
