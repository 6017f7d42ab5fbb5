#!/usr/bin/env bash
# Records prometheus-mysqld-exporter at a MariaDB primary and its replica, both well and under
# load, at a replica whose SQL thread has stopped, and at a server with few connections left
# and slow queries. Takes three minutes.
set -euo pipefail
cd "$(dirname "$0")"
. ./servers.sh
. ./recording.sh

need mariadb-server prometheus-mysqld-exporter curl
open_servers

# load NAME: about ten small transactions a second through one connection.
load() {
  local i
  maria "$1" -e 'create database shop; create table shop.orders (id int auto_increment primary key, item int, note varchar(100), key (item))'
  for i in {1..3000}; do
    echo "start transaction; insert into shop.orders (item, note) values ($((RANDOM % 500)), repeat('n', 100));"
    echo "update shop.orders set note = 'changed' where item = $((RANDOM % 500)) limit 5; commit;"
    echo "select count(*) from shop.orders where item = $((RANDOM % 500));"
    sleep 0.1
  done | maria "$1" >/dev/null
}

reads() {
  local i
  for i in {1..3000}; do
    echo "select count(*), max(note) from shop.orders where item between $((RANDOM % 250)) and 250;"
    sleep 0.1
  done | maria "$1" >/dev/null
}

# stop_by_conflict REPLICA PRIMARY: a row that was written to the replica behind the primary's
# back stops the thread that applies its changes.
stop_by_conflict() {
  maria "$2" -e 'create database stock; create table stock.parcels (id int primary key)'
  await 60 maria "$1" -e 'select * from stock.parcels'
  maria "$1" -e 'set sql_log_bin = 0; insert into stock.parcels values (1)'
  maria "$2" -e 'insert into stock.parcels values (1)'
  await 60 stopped "$1"
}

stopped() { maria "$1" -e 'show slave status\G' | grep -qx 1062; }

start_mariadb primary 1
start_mysqld_exporter primary-exporter primary
for replica in replica stopped-replica; do
  start_mariadb "$replica" $((${#port[@]} + 1)) --read-only
  start_mysqld_exporter "$replica-exporter" "$replica"
  replicate "$replica" primary
done
spawn load load primary
await 60 maria replica -e 'select * from shop.orders'
spawn reads reads replica
stop_by_conflict stopped-replica primary

# 34 of 40 connections, each with a query of 1.2 seconds after the other.
start_mariadb full 9 --max-connections=40 --slow-query-log=1 --long-query-time=1
start_mysqld_exporter full-exporter full
maria full -e 'create database slow'
spawn slow mariadb-slap --no-defaults -u root --socket="$servers/full/socket" --concurrency=34 \
  --number-of-queries=8000 --create-schema=slow --query='select sleep(1.2)'

file=mariadb-$(version mariadb-server)_mysqld_exporter-$(version prometheus-mysqld-exporter)-debian
sleep 15 # the load has begun everywhere
record primary-exporter "${file}_primary" replica-exporter "${file}_replica" \
  stopped-replica-exporter "${file}_replica-sql-thread-stopped" full-exporter "${file}_near-max-connections"
