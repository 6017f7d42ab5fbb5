#!/usr/bin/env bash
# Records prometheus-postgres-exporter at a primary and its standby, both well and under load,
# and at a primary in trouble. Takes three minutes.
set -euo pipefail
cd "$(dirname "$0")"
. ./servers.sh
. ./recording.sh

need postgresql prometheus-postgres-exporter curl
open_servers

# Archives and checkpoints more often than by default, so that these counters move, too.
moving=("wal_level=logical" "archive_mode=on" "archive_timeout=20" "checkpoint_timeout=30s")

# load NAME: 20 transactions a second, a tenth of the usual pgbench work each.
load() {
  sql "$1" -c 'create database shop'
  pgbench -q -i -s 2 -h "$servers/$1" -p "${port[$1]}" -U postgres shop >>"$servers/$1-load.log" 2>&1
  spawn "$1-load" pgbench -n -c 3 -R 20 -T 300 -h "$servers/$1" -p "${port[$1]}" -U postgres shop
}

# deadlocks NAME: two sessions that lock two rows in opposite order, again and again.
deadlocks() {
  local i
  for i in {1..60}; do
    lock_both "$1" 1 2 &
    lock_both "$1" 2 1 || true
    wait
    sleep 5
  done
}

lock_both() {
  sql "$1" -d shop -c 'begin' -c "update pgbench_branches set bbalance = 0 where bid = $2" -c 'select pg_sleep(0.5)' \
    -c "update pgbench_branches set bbalance = 0 where bid = $3" -c 'commit'
}

# hold NAME SQL: a session that runs the SQL and then stays open.
hold() {
  { echo "$2" && sleep 300; } | sql "$1" -d shop
}

trouble() {
  local name=$1
  sql "$name" -c "select pg_create_physical_replication_slot('forgotten', true)"
  spawn "$name-pool" pgbench -n -S -c 11 -R 11 -T 300 -h "$servers/$name" -p "${port[$name]}" -U postgres shop
  spawn "$name-idle" hold "$name" 'begin; select count(*) from pgbench_tellers;'
  spawn "$name-locks" hold "$name" 'select count(pg_advisory_lock(n)) from generate_series(1, 600) n;'
  spawn "$name-slow" sql "$name" -d shop -c 'select pg_sleep(300)'
  spawn "$name-deadlocks" deadlocks "$name"
}

start_postgresql primary "${moving[@]}" "archive_command='true'"
load primary
start_postgres_exporter primary-exporter primary shop
start_standby standby primary
start_postgres_exporter standby-exporter standby shop

start_postgresql troubled "${moving[@]}" "archive_command='false'" "max_connections=25"
load troubled
start_postgres_exporter troubled-exporter troubled shop
trouble troubled

file=postgres-$(postgres --version | awk '{ print $3 }')_postgres_exporter-$(version prometheus-postgres-exporter)-debian
# Trouble is seen by its duration, too: it begins a minute before.
sleep 60
record primary-exporter "${file}_primary" standby-exporter "${file}_standby" troubled-exporter "${file}_troubled-primary"
