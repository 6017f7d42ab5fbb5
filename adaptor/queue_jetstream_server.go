package adaptor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// startTimeout bounds the start of the embedded server, which reads all that waits.
const startTimeout = 5 * time.Minute

// startServer starts the embedded server on a directory. It listens nowhere. With SyncAlways it
// answers a write when fsync has returned: see (*msgBlock).flushPendingMsgsLocked in
// nats-server's server/filestore.go.
func startServer(dir string, log *slog.Logger) (*server.Server, error) {
	s, err := server.NewServer(&server.Options{
		ServerName: "rulekit", DontListen: true, NoSigs: true, NoSystemAccount: true,
		JetStream: true, StoreDir: dir, SyncAlways: true,
		// Twice the largest body, for what does not compress.
		MaxPayload: 2 * MaxBody, MaxPending: 64 << 20, PingInterval: time.Hour,
		// The limits are those of the streams, and of the disk.
		JetStreamMaxStore: 1 << 40, JetStreamMaxMemory: 64 << 20,
	})
	if err != nil {
		return nil, fmt.Errorf("queue in %s: %w", dir, err)
	}
	s.SetLoggerV2(serverLog{log}, false, false, false)
	s.Start()
	if !s.ReadyForConnections(startTimeout) || !s.JetStreamEnabled() {
		stopServer(s)
		return nil, fmt.Errorf("queue in %s: the store does not start, see the log", dir)
	}
	return s, nil
}

func stopServer(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// serverLog writes what the embedded server logs. What it has to say is of use to who looks for
// a fault; what it takes for an error is one.
type serverLog struct{ log *slog.Logger }

func (l serverLog) write(level slog.Level, format string, values []any) {
	l.log.Log(context.Background(), level, "store: "+strings.TrimSpace(fmt.Sprintf(format, values...)))
}

func (l serverLog) Noticef(format string, v ...any) { l.write(slog.LevelDebug, format, v) }
func (l serverLog) Warnf(format string, v ...any)   { l.write(slog.LevelDebug, format, v) }
func (l serverLog) Fatalf(format string, v ...any)  { l.write(slog.LevelError, format, v) }
func (l serverLog) Errorf(format string, v ...any)  { l.write(slog.LevelError, format, v) }
func (l serverLog) Debugf(format string, v ...any)  { l.write(slog.LevelDebug, format, v) }
func (l serverLog) Tracef(format string, v ...any)  { l.write(slog.LevelDebug, format, v) }

// connect connects to the embedded server, or to the one of the options.
func connect(o JetStreamOptions, embedded *server.Server) (*nats.Conn, error) {
	options := []nats.Option{
		nats.Name(connectionName()), nats.MaxReconnects(-1), nats.ReconnectWait(500 * time.Millisecond), nats.Timeout(storeWait),
		// What cannot be sent now is not kept for later: its sender is told.
		nats.ReconnectBufSize(-1), nats.DrainTimeout(storeWait),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			o.Logger.Warn("NATS reports an error", "error", err)
		}),
	}
	if embedded != nil {
		conn, err := nats.Connect("", append(options, nats.InProcessServer(embedded), nats.PingInterval(time.Hour))...)
		if err != nil {
			return nil, fmt.Errorf("queue in %s: %w", o.Dir, err)
		}
		return conn, nil
	}
	options = append(options, nats.PingInterval(20*time.Second),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				o.Logger.Error("the connection to NATS was lost", "error", err)
			}
		}))
	access, err := o.access()
	if err != nil {
		return nil, err
	}
	if o.nearby != nil {
		access = append(access, nats.InProcessServer(o.nearby))
	}
	conn, err := nats.Connect(o.URL, append(options, access...)...)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS at %s: %w", o.address(), err)
	}
	return conn, nil
}

// connectionName tells the adaptors at one NATS server apart.
func connectionName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("rulekit adaptor on %s, process %d", host, os.Getpid())
}

// access are the options of a connection that say who connects, and how it is encrypted.
func (o JetStreamOptions) access() ([]nats.Option, error) {
	var options []nats.Option
	ways := 0
	if o.CredentialsFile != "" {
		ways++
		options = append(options, nats.UserCredentials(o.CredentialsFile))
	}
	if o.NKeyFile != "" {
		ways++
		key, err := nats.NkeyOptionFromSeed(o.NKeyFile)
		if err != nil {
			return nil, fmt.Errorf("NATS nkey file %s: %w", o.NKeyFile, err)
		}
		options = append(options, key)
	}
	if o.User != "" {
		ways++
		options = append(options, nats.UserInfo(o.User, string(o.Password)))
	}
	if ways > 1 {
		return nil, errors.New("NATS: give one of a credentials file, an nkey file, and a user with a password")
	}
	if o.CAFile != "" {
		options = append(options, nats.RootCAs(o.CAFile))
	}
	if (o.CertFile == "") != (o.KeyFile == "") {
		return nil, errors.New("NATS: a client certificate needs its key, and a key its certificate")
	}
	if o.CertFile != "" {
		options = append(options, nats.ClientCert(o.CertFile, o.KeyFile))
	}
	if o.CAFile != "" || o.CertFile != "" {
		options = append(options, nats.Secure(&tls.Config{MinVersion: tls.VersionTLS12}))
	}
	return options, nil
}

// address is the URL without what is secret in it.
func (o JetStreamOptions) address() string {
	var all []string
	for _, one := range strings.Split(o.URL, ",") {
		one = strings.TrimSpace(one)
		if i := strings.LastIndexByte(one, '@'); i >= 0 {
			scheme, _, _ := strings.Cut(one, "://")
			one = scheme + "://" + one[i+1:]
		}
		all = append(all, one)
	}
	return strings.Join(all, ", ")
}

// storeDir is where the embedded server keeps its files, below the data directory.
func storeDir(dir string) string { return filepath.Join(dir, "queue") }
