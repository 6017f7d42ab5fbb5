#!/usr/bin/env bash
# Records the node exporter, and Prometheus and Alertmanager, both well and in trouble: a rule
# that cannot be evaluated, and a webhook that cannot be reached. Takes three minutes.
set -euo pipefail
cd "$(dirname "$0")"
. ./servers.sh
. ./recording.sh

need prometheus prometheus-alertmanager prometheus-node-exporter curl
open_servers

# alertmanager NAME URL: its webhook posts to the URL.
alertmanager() {
  cat >"$servers/$1.yml" <<YAML
route: {receiver: webhook, group_wait: 5s, group_interval: 10s, repeat_interval: 20s}
receivers: [{name: webhook, webhook_configs: [{url: "$2"}]}]
YAML
  start_alertmanager "$1" "$servers/$1.yml"
}

# prometheus_with NAME ALERTMANAGER EXPRESSION: it has a rule with the expression.
prometheus_with() {
  choose_port "$1"
  cat >"$servers/$1-rules.yml" <<YAML
groups: [{name: recording, rules: [{record: "up:by_job", expr: '$3'}]}, {name: watchdog, rules: [{alert: Watchdog, expr: vector(1)}]}]
YAML
  cat >"$servers/$1.yml" <<YAML
global: {scrape_interval: 5s, evaluation_interval: 5s}
rule_files: ["$servers/$1-rules.yml"]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:${port[$2]}"]}]}]}
scrape_configs:
- {job_name: prometheus, static_configs: [{targets: ["127.0.0.1:${port[$1]}"]}]}
- {job_name: node, static_configs: [{targets: ["127.0.0.1:${port[node]}"]}]}
YAML
  start_prometheus "$1" "$servers/$1.yml"
}

start_node_exporter node
# The node exporter's start page answers every request with success.
alertmanager alertmanager "http://127.0.0.1:${port[node]}/"
prometheus_with prometheus alertmanager 'count by (job) (up)'
choose_port nobody
alertmanager unreachable "http://127.0.0.1:${port[nobody]}/"
# With two targets, two series on each side match each other.
prometheus_with failing unreachable 'up / on () up'

# counts NAME METRIC: whether the webhooks' counter is above 0. Prometheus drops the first alert,
# since it has not found its Alertmanager yet, and sends it again after a minute.
counts() { curl -sSf "http://127.0.0.1:${port[$1]}/metrics" | grep -q "^$2{integration=\"webhook\"} [1-9]"; }

await 120 counts alertmanager alertmanager_notifications_total
await 120 counts unreachable alertmanager_notification_requests_failed_total
node=node_exporter-$(version prometheus-node-exporter)-debian
prometheus=prometheus-$(version prometheus)-debian
alertmanager=alertmanager-$(version prometheus-alertmanager)-debian
record node "${node}_idle" prometheus "${prometheus}_healthy" failing "${prometheus}_failing-rule" \
  alertmanager "${alertmanager}_healthy" unreachable "${alertmanager}_webhook-unreachable"
