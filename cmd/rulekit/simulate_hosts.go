package main

import (
	"context"
	"net/http"

	"github.com/rulekit/rulekit/adaptor"
	"github.com/rulekit/rulekit/adaptor/fakeim"
	"github.com/rulekit/rulekit/simulate"
)

// simulatedReceivers are the adaptor's receivers that the built-in Alertmanager configuration
// posts to. Their bots exist on the network of the simulation only.
const simulatedReceivers = `
receivers:
  - {name: feishu, type: feishu-webhook, params: {url: "https://open.feishu.cn/open-apis/bot/v2/hook/simulated", secret: simulated}}
  - {name: dingtalk, type: dingtalk-webhook, params: {url: "https://oapi.dingtalk.com/robot/send?access_token=simulated", secret: SECsimulated}}
  - {name: wecom, type: wecom-webhook, params: {url: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=simulated"}}
  - {name: slack, type: slack-webhook, params: {url: "https://hooks.slack.com/services/T00000000/B00000000/simulated"}}
`

// world is what is at the other end of Alertmanager in a simulation: fake messengers, and the
// real adaptor in front of them.
type world struct {
	receivers *adaptor.Config
	// names are the addresses at which Alertmanager finds the adaptor.
	names []string
}

// hosts puts the world on the network. It runs on the virtual clock.
func (w *world) hosts(network *simulate.Network) (map[string]simulate.Host, func(), error) {
	hosts := map[string]simulate.Host{}
	ims := fakeim.Hosts()
	for _, r := range w.receivers.Receivers {
		// The fakes check signatures where the bot has a secret.
		if im := ims[r.Target.Host()]; im != nil {
			im.AddBot(string(r.Target.URL), string(r.Target.Secret))
		}
	}
	for name, im := range ims {
		show := func(_, body string) string { return shown(im.Channel(), body) }
		hosts[name] = simulate.Host{Handler: im, Channel: im.Channel(), Show: show}
	}
	server, err := adaptor.New(adaptor.Options{
		Config:    w.receivers,
		Transport: network.Transport(),
		Observe: func(d adaptor.Delivery) {
			from := simulate.Relayed{Receiver: d.MessageReceiver, GroupKey: d.GroupKey, Path: adaptor.NotifyPath + d.Receiver}
			network.Deliver(from, simulate.Delivery{
				Channel: d.Channel, URL: d.URL, Body: string(d.Body), Text: shown(d.Channel, string(d.Body)), Error: d.Reason,
			})
		},
	})
	if err != nil {
		return nil, nil, err
	}
	for _, name := range w.names {
		hosts[name] = simulate.Host{Handler: http.Handler(server.Handler()), Relay: true}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		// What it could not deliver has been observed, attempt by attempt.
		_ = server.Run(ctx)
	}()
	return hosts, func() { cancel(); <-done }, nil
}

// shown is a message as a person would see it, or as it was sent where it is none.
func shown(channel, body string) string {
	text, err := fakeim.Show(channel, body)
	if err != nil {
		return body
	}
	return text
}
