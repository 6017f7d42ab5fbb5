# Records exporters. To be sourced after servers.sh.

scrapes=10 interval=15
recordings=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/testdata/exporters

# version PACKAGE: the version of the program in it, without Debian's additions.
version() { dpkg-query -W -f '${source:Upstream-Version}' "$1" | sed 's/[+~].*//'; }

# record EXPORTER FILE [EXPORTER FILE]...: scrapes the exporters at the same times, and writes
# each one's scrapes to testdata/exporters/FILE_10x15s.prom.gz.
record() {
  local start=$EPOCHSECONDS k i name pairs=("$@")
  for ((k = 0; k < scrapes; k++)); do
    while ((EPOCHSECONDS < start + k * interval)); do sleep 0.1; done
    echo "scrape $((k + 1)) of $scrapes"
    for ((i = 0; i < ${#pairs[@]}; i += 2)); do
      scrape "${pairs[i]}" "$k" >>"$servers/${pairs[i + 1]}.prom"
    done
  done
  for name in "${!pid[@]}"; do
    alive "$name" || { echo "$0: $name has ended before the recording:" >&2 && tail -20 "$servers/$name.log" >&2 && return 1; }
  done
  for ((i = 1; i < ${#pairs[@]}; i += 2)); do
    keep "${pairs[i]}"
  done
}

# scrape EXPORTER K: prints one scrape. The texts of help never change, so that the first
# scrape's stand for all: they are half of what an exporter serves.
scrape() {
  echo "# scraped $(date -u +%Y-%m-%dT%H:%M:%SZ)"
  if [ "$2" = 0 ]; then
    curl -sSf --max-time 10 "http://127.0.0.1:${port[$1]}/metrics"
  else
    curl -sSf --max-time 10 "http://127.0.0.1:${port[$1]}/metrics" | grep -v '^# HELP '
  fi
}

# keep FILE: puts a finished recording where it belongs. The temporary folder, which has another
# name each time, stands in it as /servers.
keep() {
  local file=$recordings/$1_${scrapes}x${interval}s.prom.gz
  sed "s|$servers|/servers|g" "$servers/$1.prom" | gzip -9 -n >"$servers/$1.gz"
  mv "$servers/$1.gz" "$file"
  chmod 644 "$file"
  echo "$(basename "$file"): $(wc -c <"$file") bytes"
}
