#!/usr/bin/env bash
# Records prometheus-redis-exporter at a Redis master and its replica, both well and under load,
# at a master that evicts keys, at one that has few connections left and refuses some, and at a
# replica whose master is gone. Takes three minutes.
set -euo pipefail
cd "$(dirname "$0")"
. ./servers.sh
. ./recording.sh

need redis-server redis-tools prometheus-redis-exporter curl
open_servers

# load NAME SIZE: some 300 requests a second for five minutes, with values of SIZE bytes.
load() {
  local i
  for i in {1..300}; do
    redis-benchmark -h 127.0.0.1 -p "${port[$1]}" -c 4 -n 150 -r 100000 -d "$2" -t set,get -q
    sleep 1
  done
}

load_reads() {
  local i
  for i in {1..300}; do
    redis-benchmark -h 127.0.0.1 -p "${port[$1]}" -c 4 -n 100 -r 100000 -q get key:__rand_int__
    sleep 1
  done
}

# occupy NAME COUNT: that many connections that do nothing, for five minutes.
occupy() {
  local i connection
  for ((i = 0; i < $2; i++)); do
    exec {connection}<>"/dev/tcp/127.0.0.1/${port[$1]}"
  done
  sleep 300
}

# crowd NAME: every few seconds, more clients at once than there are connections left.
crowd() {
  local i
  for i in {1..75}; do
    (occupy_briefly "$1") || true
    sleep 4
  done
}

occupy_briefly() {
  local i connection
  for i in {1..12}; do
    exec {connection}<>"/dev/tcp/127.0.0.1/${port[$1]}"
  done
}

refused() { [ "$(redis "$1" info stats | tr -d '\r' | sed -n 's/^rejected_connections://p')" -gt 0 ]; }

link_down() { redis "$1" info replication | grep -q 'master_link_status:down'; }
link_up() { redis "$1" info replication | grep -q 'master_link_status:up'; }

start_redis master --maxmemory 256mb --maxmemory-policy noeviction
start_redis_exporter master-exporter master
start_redis replica --replicaof 127.0.0.1 "${port[master]}"
start_redis_exporter replica-exporter replica
spawn load load master 100
spawn reads load_reads replica

start_redis evicting --maxmemory 8mb --maxmemory-policy allkeys-lru
start_redis_exporter evicting-exporter evicting
spawn evicting-load load evicting 2000

start_redis full --maxclients 40
start_redis_exporter full-exporter full
spawn full-load load full 100
spawn occupy occupy full 33
spawn crowd crowd full

start_redis lost
start_redis orphan --replicaof 127.0.0.1 "${port[lost]}"
start_redis_exporter orphan-exporter orphan
await 60 link_up orphan
stop lost
await 60 link_down orphan

await 60 link_up replica
await 60 refused full
file=redis-$(version redis-server)_redis_exporter-$(version prometheus-redis-exporter)-debian
sleep 15 # the load has begun everywhere
record master-exporter "${file}_master" replica-exporter "${file}_replica" evicting-exporter "${file}_master-evicting" \
  full-exporter "${file}_near-maxclients" orphan-exporter "${file}_replica-link-down"
