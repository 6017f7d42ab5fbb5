package simulate

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// onNetwork runs a test on a network with these hosts, on the virtual clock.
func onNetwork(t *testing.T, hosts map[string]Host, play func(*Network) error) error {
	t.Helper()
	return onVirtualClock(t.Context(), monday, func() error {
		network, err := newNetwork(newRecorder(monday))
		if err != nil {
			return err
		}
		network.add(hosts)
		err = play(network)
		network.close()
		time.Sleep(lingering)
		return err
	})
}

func says(text string) Host {
	return Host{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %q tls=%t", text, r.Method, r.URL, body, r.TLS != nil)
	})}
}

func TestNetworkHosts(t *testing.T) {
	hosts := map[string]Host{"im": says("im"), "im:5001": says("im's other port"), "10.0.0.1": says("address")}
	tests := []struct{ url, want string }{
		{"http://im/a?b=c", `im POST /a?b=c "hello" tls=false`},
		{"https://im/", `im POST / "hello" tls=true`},
		{"http://im:5001/", `im's other port POST / "hello" tls=false`},
		{"https://im:8443/", `im POST / "hello" tls=true`},
		{"https://10.0.0.1/", `address POST / "hello" tls=true`},
		{"https://unknown.example.com/", "ok"},
	}
	err := onNetwork(t, hosts, func(network *Network) error {
		client := &http.Client{Transport: network.Transport()}
		for _, test := range tests {
			answer, err := client.Post(test.url, "text/plain", strings.NewReader("hello"))
			if err != nil {
				return err
			}
			body, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err != nil {
				return err
			}
			if diff := cmp.Diff(test.want, string(body)); diff != "" {
				t.Errorf("%s: -want +got\n%s", test.url, diff)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestNetworkTrustsOnlyItsOwn(t *testing.T) {
	err := onNetwork(t, nil, func(network *Network) error {
		client := &http.Client{Transport: &http.Transport{DialContext: network.DialContext}}
		if _, err := client.Get("https://im/"); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("a client without the network's authority got error %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestNetworkFaults(t *testing.T) {
	slow := Host{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(time.Hour):
		case <-r.Context().Done():
		}
	})}
	reset := Host{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })}
	err := onNetwork(t, map[string]Host{"slow": slow, "reset": reset}, func(network *Network) error {
		client := &http.Client{Transport: network.Transport(), Timeout: 10 * time.Second}
		began := time.Now()
		if _, err := client.Get("https://slow/"); !os.IsTimeout(err) {
			t.Errorf("slow: got error %v", err)
		}
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("the timeout of 10s came after %s", took)
		}
		if _, err := client.Post("http://reset/", "", strings.NewReader("x")); err == nil {
			t.Error("reset: no error")
		}
		answer, err := client.Post("http://big/", "", io.LimitReader(zeros{}, maxBody+1))
		if err != nil {
			return err
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("a huge body got %s", answer.Status)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://im/", nil)
		if err != nil {
			return err
		}
		if _, err := client.Do(request); err == nil {
			t.Error("cancelled: no error")
		}
		return network.recorder.err()
	})
	if err != nil {
		t.Error(err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// What is not delivered in time for Alertmanager is a failed attempt, and tried again.
func TestNotifySlowHost(t *testing.T) {
	calls := 0
	host := Host{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if calls++; calls == 1 {
			<-r.Context().Done()
		}
	})}
	source := webhookTo("http://im/", "") + "    timeout: 20s\n"
	got, err := Notify(t.Context(), NotifyOptions{
		Configuration: configuration(t, source), Start: monday, Length: 3 * time.Minute, Hosts: oneHost("im", host),
		Batches: batchesOf(3*time.Minute, active{"alertname=Down", 0, 60}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Attempts != 2 || got[0].Error != "" || got[0].Deliveries[0].Error != "" && !strings.Contains(got[0].Deliveries[0].Error, "connection") {
		t.Errorf("got %+v", got)
	}
	if at := got[0].Deliveries[1].At; at < 50*time.Second || at > 60*time.Second {
		t.Errorf("the second attempt came at %s, want it after the timeout of 20s and a short pause", at)
	}
}
