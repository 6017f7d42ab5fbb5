package main

// want is an alert that is expected, and what a person is told of it.
type want struct {
	alert string
	// pod is empty for the alerts of a whole cluster.
	pod string
	// text is a regular expression for what it says.
	text string
	// inhibited tells that a graver alert speaks for it, so that no message is sent.
	inhibited bool
}

func (w want) key() string { return key(w.alert, w.pod) }

func key(alert, pod string) string {
	if pod == "" {
		return alert
	}
	return alert + " on " + pod
}

// step is one trouble. Its actions are functions of the script.
type step struct {
	name          string
	breaks, mends string
	// broken are the alerts that fire of it, mended those that fire only when it is over.
	broken, mended []want
}

var steps = []step{
	{
		name: "PostgreSQL: more than 80% of the connections are taken", breaks: "take_connections", mends: "end_connections",
		broken: []want{{alert: "PostgreSQLTooManyConnections", pod: "pg-0",
			text: `PostgreSQL has too many connections and the value is 3[1-3]\. \(instance: pg-0\)`}},
	},
	{
		name: "PostgreSQL: deadlocks", breaks: "make_deadlocks", mends: "nothing",
		broken: []want{{alert: "PostgreSQLDeadLocks", pod: "pg-0", text: `About ([6-9]|1\d) deadlocks in the last 30 seconds in database shop`}},
	},
	{
		name: "PostgreSQL: stopped", breaks: "stop_pg", mends: "start_pg",
		broken: []want{{alert: "PostgreSQLDown", pod: "pg-0", text: `PostgreSQL is down on pg-0`}},
	},
	{
		name: "MariaDB: the replica's SQL thread stops at a duplicate key", breaks: "break_replication", mends: "mend_replication",
		broken: []want{
			{alert: "MysqlReplicationStopped", pod: "my-1", text: `the SQL thread does not run`, inhibited: true},
			{alert: "MysqlReplicationError", pod: "my-1", text: `MySQL replication has failed on my-1 with error 1062`},
		},
	},
	{
		name: "MariaDB: the primary is stopped", breaks: "stop_my", mends: "start_my",
		broken: []want{
			{alert: "MysqlDown", pod: "my-0", text: `MySQL is down on my-0`},
			{alert: "MysqlReplicationStopped", pod: "my-1", text: `the I/O thread does not run or cannot connect to its source`, inhibited: true},
			{alert: "MysqlNoWritableServer", text: `MySQL cluster my has no writable server`},
		},
		mended: []want{{alert: "MysqlRestarted", pod: "my-0", text: `started \d+s ago`}},
	},
	{
		name: "Redis: the replica's link is down", breaks: "cut_link", mends: "join_link",
		broken: []want{
			{alert: "RedisReplicaLinkDown", pod: "redis-1", text: `Redis replica redis-1 has lost its master`},
			{alert: "RedisDisconnectedSlaves", pod: "redis-0", text: `connected to the master on pod redis-0 .* has fallen to 0`, inhibited: true},
		},
	},
	{
		name: "Redis: a full cache evicts keys", breaks: "evict", mends: "unlimit",
		broken: []want{{alert: "RedisKeyEviction", pod: "redis-0", text: `Redis evicts about [1-9]\d+ keys a minute on pod redis-0`}},
	},
	{
		name: "Redis: memory is full and writes are refused", breaks: "refuse_writes", mends: "unlimit",
		broken: []want{
			{alert: "RedisMemoryHigh", pod: "redis-0", text: `uses [1-9]\d\d(\.\d+)?% of its maxmemory`, inhibited: true},
			{alert: "RedisWritesRefused", pod: "redis-0", text: `About [1-4]\d commands .* failed with OOM on pod redis-0`},
		},
	},
	{
		name: "Redis: connections are rejected", breaks: "reject_connections", mends: "nothing",
		broken: []want{{alert: "RedisRejectedConnections", pod: "redis-0", text: `About \d+ connections were rejected in the last 30 seconds on pod redis-0`}},
	},
}
