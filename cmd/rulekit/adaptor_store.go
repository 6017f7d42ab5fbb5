package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rulekit/rulekit/adaptor"
)

// storeFlags say where notifications wait.
type storeFlags struct {
	dataDir                   string
	natsURL                   string
	credentials, nkey         string
	caFile, certFile, keyFile string
	replicas                  int
}

// flags are those of every command that opens the store.
func (f *storeFlags) flags() *pflag.FlagSet {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.StringVar(&f.dataDir, "data-dir", "adaptor-data", "`FOLDER` for what waits to be delivered and for dead letters")
	set.StringVar(&f.natsURL, "nats-url", "", "`ADDRESS` of a NATS cluster with JetStream to keep them in, instead of the folder")
	set.StringVar(&f.credentials, "nats-credentials", "", "`FILE` with credentials for it; NATS_USER and NATS_PASSWORD are another way")
	set.StringVar(&f.nkey, "nats-nkey", "", "`FILE` with the seed of an nkey for it")
	set.StringVar(&f.caFile, "nats-ca-file", "", "`FILE` with the certificates that may sign its certificate")
	set.StringVar(&f.certFile, "nats-cert-file", "", "`FILE` with the adaptor's certificate for it")
	set.StringVar(&f.keyFile, "nats-key-file", "", "`FILE` with the key of that certificate")
	set.IntVar(&f.replicas, "nats-replicas", 0, "how many of its servers keep each notification (default 3 where there are as many)")
	return set
}

// options are the flags as options of the store.
func (f *storeFlags) options(cmd *cobra.Command, env *environment, logger *slog.Logger) (adaptor.JetStreamOptions, error) {
	options := adaptor.JetStreamOptions{Dir: f.dataDir, Logger: logger}
	if f.natsURL == "" {
		if f.dataDir == "" {
			return options, withHint(errors.New("--data-dir is empty: notifications must be kept somewhere"), "name a folder on a disk that outlives the process")
		}
		for _, name := range []string{"nats-credentials", "nats-nkey", "nats-ca-file", "nats-cert-file", "nats-key-file", "nats-replicas"} {
			if cmd.Flags().Changed(name) {
				return options, fmt.Errorf("--%s is for --nats-url, which is not set", name)
			}
		}
		return options, nil
	}
	if cmd.Flags().Changed("data-dir") {
		return options, errors.New("--data-dir and --nats-url are both set: notifications are kept in one place")
	}
	for address := range strings.SplitSeq(f.natsURL, ",") {
		if u, err := url.Parse(strings.TrimSpace(address)); err != nil || u.User != nil {
			return options, withHint(errors.New("--nats-url is no address, or has a password in it (it is not shown)"),
				"everybody on this machine sees flags: put passwords into NATS_PASSWORD or a file of --nats-credentials")
		}
	}
	return adaptor.JetStreamOptions{
		URL: f.natsURL, CredentialsFile: f.credentials, NKeyFile: f.nkey,
		User: env.getenv("NATS_USER"), Password: adaptor.Secret(env.getenv("NATS_PASSWORD")),
		CAFile: f.caFile, CertFile: f.certFile, KeyFile: f.keyFile, Replicas: f.replicas, Logger: logger,
	}, nil
}

// Bounds of opening and closing the store.
const (
	openTimeout  = time.Minute
	closeTimeout = 10 * time.Second
)

// openStore opens the store, and returns what closes it.
func openStore(ctx context.Context, options adaptor.JetStreamOptions) (*adaptor.JetStream, func() error, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	store, err := adaptor.OpenJetStream(ctx, options)
	if err != nil {
		return nil, nil, err
	}
	return store, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		return store.Shutdown(ctx)
	}, nil
}
