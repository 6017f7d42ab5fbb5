# Real servers, exporters, Prometheus and Alertmanager of Debian's packages, for the recordings
# and for the live test. To be sourced by a script that has set -euo pipefail:
#
#   . scripts/servers.sh
#   need redis-server prometheus-redis-exporter   # installs the packages that are missing
#   open_servers                                  # a temporary folder, $servers
#   start_redis cache --maxmemory 64mb            # its port is ${port[cache]}
#   start_redis_exporter cache-exporter cache
#   stop cache                                    # what is not stopped is when the script ends
#
# Everything listens on 127.0.0.1 only, on a free port, keeps its data in $servers, writes its
# log to $servers/NAME.log, and is ended by its process id.

declare -A pid=() port=()
started=() # names, in order

# need PACKAGE...: installs, in one go, the Debian packages of those that are not installed.
need() {
  local package missing=()
  for package; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    if [ "$EUID" != 0 ]; then
      echo "$0: packages are missing: as root, run apt-get install --no-install-recommends ${missing[*]}" >&2
      return 1
    fi
    echo "installing ${missing[*]}"
    install_packages "${missing[@]}" || return
  fi
  # Debian keeps PostgreSQL's programs out of the PATH, and mariadbd where only root looks.
  local newest
  newest=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -1)
  PATH=$newest:$PATH:/usr/sbin
}

# install_packages PACKAGE...: installs them without starting any service. One script at a time
# does, for the policy is one for all.
install_packages() {
  local policy=/usr/sbin/policy-rc.d log lock kept= code=0
  exec {lock}>/run/lock/rulekit-servers
  flock "$lock"
  log=$(mktemp)
  if [ -e "$policy" ]; then
    kept=$(mktemp)
    cp -p "$policy" "$kept"
  fi
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  # On a new machine the lists of packages are not there yet, on an old one they have aged.
  { apt_get install "$@" || { apt_get update && apt_get install "$@"; }; } >"$log" 2>&1 || code=$?
  if [ -n "$kept" ]; then mv "$kept" "$policy"; else rm -f "$policy"; fi
  exec {lock}>&-
  [ "$code" = 0 ] || tail -20 "$log" >&2
  rm -f "$log"
  return "$code"
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -y -q --no-install-recommends "$@"
}

# open_servers: makes the folder $servers, and sees to it that everything ends with the script.
open_servers() {
  servers=$(mktemp -d "${TMPDIR:-/tmp}/servers.XXXXXX")
  chmod 711 "$servers" # other users have folders in it
  trap close_servers EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}

# close_servers ends everything, the last started first, and removes the folder.
close_servers() {
  local code=$? i
  trap - EXIT INT TERM HUP
  for ((i = ${#started[@]} - 1; i >= 0; i--)); do
    stop "${started[i]}" || true
  done
  rm -rf "$servers"
  return "$code"
}

# spawn NAME COMMAND...: runs it in the background, in a process group of its own, so that
# whatever it starts ends with it.
spawn() {
  local name=$1
  shift
  set -m
  "$@" >>"$servers/$name.log" 2>&1 </dev/null &
  pid[$name]=$!
  set +m
  started+=("$name")
}

alive() { [ -n "${pid[$1]:-}" ] && kill -0 "${pid[$1]}" 2>/dev/null; }

gone() { ! alive "$1"; }

# stop NAME [SIGNAL]: ends it, by force if it has not ended after half a minute.
stop() {
  local name=$1 signal=${2:-TERM} process=${pid[$1]:-}
  [ -n "$process" ] || return 0
  kill "-$signal" -- "-$process" 2>/dev/null || true
  await 30 gone "$name" || kill -KILL -- "-$process" 2>/dev/null || true
  wait "$process" 2>/dev/null || true
  unset "pid[$name]"
}

# await SECONDS COMMAND...: waits until the command succeeds; fails if it has not by then.
await() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# await_start NAME COMMAND...: waits until the command succeeds; fails when the process ends.
await_start() {
  local name=$1 deadline=$((SECONDS + 60))
  shift
  until "$@" >/dev/null 2>&1; do
    if ! alive "$name" || [ $SECONDS -ge $deadline ]; then
      echo "$0: $name does not start:" >&2
      tail -20 "$servers/$name.log" >&2
      return 1
    fi
    sleep 0.1
  done
}

# choose_port NAME: puts a free port into ${port[NAME]}; not one of those that the system gives
# to clients, which could be taken at any moment.
choose_port() {
  local try
  while :; do
    try=$((20000 + RANDOM % 12000))
    [[ " ${port[*]} " == *" $try "* ]] && continue
    (exec 3<>"/dev/tcp/127.0.0.1/$try") 2>/dev/null || break
  done
  port[$1]=$try
}

# serves NAME PATH: whether it answers with success.
serves() { curl -sf -o /dev/null --max-time 10 "http://127.0.0.1:${port[$1]}$2"; }

# become USER: sets $as, the beginning of a command that runs as that user where this is root:
# these servers refuse to run as root, or should not.
become() {
  as=()
  [ "$EUID" != 0 ] || as=(setpriv "--reuid=$1" "--regid=$1" --init-groups)
}

# own NAME USER: makes the folder $servers/NAME for that user, and becomes it.
own() {
  become "$2"
  mkdir "$servers/$1"
  [ "$EUID" != 0 ] || chown "$2" "$servers/$1"
}

# start_exporter NAME PROGRAM [OPTION...]: they all name the address alike.
start_exporter() {
  choose_port "$1"
  spawn "$1" "${@:2}" "--web.listen-address=127.0.0.1:${port[$1]}"
  await_start "$1" serves "$1" /metrics
}

# keep_options NAME [OPTION...]: for a server that is started again.
keep_options() {
  local option
  for option in "${@:2}"; do echo "$option"; done >"$servers/$1/options"
}

# --- PostgreSQL

# start_postgresql NAME [SETTING=VALUE...]
start_postgresql() {
  own "$1" postgres
  "${as[@]}" initdb -D "$servers/$1/data" -U postgres --auth=trust >>"$servers/$1.log" 2>&1
  configure_postgresql "$@"
  run_postgresql "$1"
}

# start_standby NAME PRIMARY [SETTING=VALUE...]: it streams through a slot of its name.
start_standby() {
  own "$1" postgres
  "${as[@]}" pg_basebackup -D "$servers/$1/data" -U postgres -h 127.0.0.1 -p "${port[$2]}" -R -C -S "${1//-/_}" --checkpoint=fast
  configure_postgresql "$1" "${@:3}"
  run_postgresql "$1"
}

# configure_postgresql NAME [SETTING=VALUE...]
configure_postgresql() {
  choose_port "$1"
  printf '%s\n' "listen_addresses='127.0.0.1'" "port=${port[$1]}" "unix_socket_directories='$servers/$1'" "${@:2}" \
    >>"$servers/$1/data/postgresql.conf"
}

# run_postgresql NAME: starts it, or starts it again.
run_postgresql() {
  become postgres
  spawn "$1" "${as[@]}" postgres -D "$servers/$1/data"
  await_start "$1" sql "$1" -c 'select 1'
}

# stop_postgresql NAME: without waiting for its clients.
stop_postgresql() { stop "$1" INT; }

# sql NAME ARGUMENT...: psql, through the server's own socket.
sql() { psql -X -U postgres -q -A -t -v ON_ERROR_STOP=1 -h "$servers/$1" -p "${port[$1]}" "${@:2}"; }

# start_postgres_exporter NAME SERVER DATABASE, as a user who is no superuser.
start_postgres_exporter() {
  # A standby has the user from its primary, and can make none.
  sql "$2" -c "do 'begin if not pg_is_in_recovery() then create role exporter login in role pg_monitor; end if; end'"
  DATA_SOURCE_NAME="postgresql://exporter@127.0.0.1:${port[$2]}/$3?sslmode=disable" \
    start_exporter "$1" prometheus-postgres-exporter
}

# --- MariaDB

# start_mariadb NAME ID [OPTION...]
start_mariadb() {
  own "$1" mysql
  "${as[@]}" mariadb-install-db --no-defaults --datadir="$servers/$1/data" --skip-test-db \
    --auth-root-authentication-method=normal >>"$servers/$1.log" 2>&1
  choose_port "$1"
  keep_options "$1" "--server-id=$2" --log-bin=binlog "${@:3}"
  run_mariadb "$1"
}

# run_mariadb NAME: starts it, or starts it again.
run_mariadb() {
  local options
  mapfile -t options <"$servers/$1/options"
  become mysql
  spawn "$1" "${as[@]}" mariadbd --no-defaults --datadir="$servers/$1/data" --bind-address=127.0.0.1 \
    --port="${port[$1]}" --socket="$servers/$1/socket" --pid-file="$servers/$1/mariadb.pid" "${options[@]}"
  await_start "$1" maria "$1" -e 'select 1'
}

# maria NAME ARGUMENT...: the client, as root, through the server's own socket.
maria() { mariadb --no-defaults -u root --socket="$servers/$1/socket" -N -B "${@:2}"; }

# replicate NAME PRIMARY: makes the one a replica of the other, from now on.
replicate() {
  maria "$2" -e "create user if not exists replica@127.0.0.1 identified by 'replica'; grant replication slave on *.* to replica@127.0.0.1"
  maria "$1" -e "change master to master_host='127.0.0.1', master_port=${port[$2]}, master_user='replica',
    master_password='replica', master_use_gtid=slave_pos, master_connect_retry=1; start slave"
}

# start_mysqld_exporter NAME SERVER
start_mysqld_exporter() {
  maria "$2" -e "set sql_log_bin=0; create user if not exists exporter@127.0.0.1 identified by 'exporter' with max_user_connections 3;
    grant process, replication client, slave monitor, select on *.* to exporter@127.0.0.1"
  DATA_SOURCE_NAME="exporter:exporter@(127.0.0.1:${port[$2]})/" start_exporter "$1" prometheus-mysqld-exporter
}

# --- Redis

# start_redis NAME [OPTION...]
start_redis() {
  own "$1" redis
  choose_port "$1"
  keep_options "$@"
  run_redis "$1"
}

# run_redis NAME: starts it, or starts it again.
run_redis() {
  local options
  mapfile -t options <"$servers/$1/options"
  become redis
  spawn "$1" "${as[@]}" redis-server --bind 127.0.0.1 --port "${port[$1]}" --dir "$servers/$1" "${options[@]}"
  await_start "$1" redis "$1" ping
}

# redis NAME COMMAND...
redis() { redis-cli -e -h 127.0.0.1 -p "${port[$1]}" "${@:2}"; }

# start_redis_exporter NAME SERVER
start_redis_exporter() { start_exporter "$1" prometheus-redis-exporter --redis.addr "redis://127.0.0.1:${port[$2]}"; }

# --- Monitoring

start_node_exporter() { start_exporter "$1" prometheus-node-exporter; }

# start_prometheus NAME CONFIGURATION; choose_port NAME first if the configuration names it.
start_prometheus() {
  [ -n "${port[$1]:-}" ] || choose_port "$1"
  spawn "$1" prometheus --config.file="$2" --storage.tsdb.path="$servers/$1.data" "--web.listen-address=127.0.0.1:${port[$1]}"
  await_start "$1" serves "$1" /-/ready
}

# start_alertmanager NAME CONFIGURATION. Without an address it forms no cluster, whose port
# would be open to everybody.
start_alertmanager() {
  [ -n "${port[$1]:-}" ] || choose_port "$1"
  spawn "$1" prometheus-alertmanager --config.file="$2" --storage.path="$servers/$1.data" \
    "--web.listen-address=127.0.0.1:${port[$1]}" --cluster.listen-address=
  await_start "$1" serves "$1" /-/ready
}
