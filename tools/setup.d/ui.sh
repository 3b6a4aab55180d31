# What the user sees: one line per step, a heartbeat while it runs, and errors that say what to do.

STARTED=$SECONDS
DID=0

say() { printf '  %s\n' "$*"; }
die() {
  printf '\n  setup stopped: %s\n' "$1" >&2
  shift
  local line
  for line in "$@"; do printf '    %s\n' "$line" >&2; done
  exit 1
}
say_done() { [ "$DID" = 0 ] || say "set-up complete in $((SECONDS - STARTED)) s ($(du -sh "$CACHE" | cut -f1) in $CACHE)"; }

stamp_of() { printf '%s/stamps/%s-%s' "$CACHE" "$1" "$2"; }
hash_of() { cat "$@" | sha256sum | cut -c1-12; }

require_space() {  # folder, MiB, for what
  local free
  free=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
  [ "$free" -ge "$2" ] || die "not enough disk: $3 needs $2 MiB in $1 and only $free MiB are free" \
    "free some space, or put the cache elsewhere: BATON_DEPS=/other/disk make ..."
}

# The same words for the same trouble, whichever tool met it.
explain() {  # log file
  local free
  free=$(df -Pm "$CACHE" | awk 'NR == 2 { print $4 }')
  if [ "$free" -lt 100 ] || grep -qiE 'no space left|not enough free space' "$1"; then
    echo "the disk is full ($free MiB left for $CACHE): free some space and run the same command again"
  elif grep -qiE 'could not resolve|temporary failure|name resolution|no matching distribution|network is unreachable|connection (refused|timed out|failed)|unable to connect|failed to establish|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED' "$1"; then
    echo "the network did not answer (a proxy or mirror is set the usual way: http_proxy, apt, pip and npm settings); run the same command again, finished steps are kept"
  elif grep -qiE 'do not match the hashes|hash mismatch|EINTEGRITY' "$1"; then
    echo "a download is not the file that was pinned: do not use it; check your mirror, then run again"
  elif grep -qiE 'certificate verify failed|unable to get local issuer|self.signed' "$1"; then
    echo "TLS could not be verified: install your proxy's CA with update-ca-certificates, or set PIP_CERT and NODE_EXTRA_CA_CERTS"
  elif grep -qiE 'killed signal|cannot allocate memory|out of memory' "$1"; then
    echo "memory ran out: building needs about 2 GiB per job; try BATON_JOBS=1"
  else
    echo "see the log above; run the same command again when it is fixed, finished steps are kept"
  fi
}

# Whatever ends this script, the command that it runs must not go on writing behind a new run's back. Each runs
# in a process group of its own (set -m), so that what it started ends with it; npm catches the polite signal and
# goes on, so whoever is still there after PATIENCE tenths of a second is ended without asking.
CHILD=
PATIENCE=50
end_child() {
  [ -n "$CHILD" ] || return 0
  kill -- "-$CHILD" 2>/dev/null || return 0
  while [ "$PATIENCE" -gt 0 ] && kill -0 -- "-$CHILD" 2>/dev/null; do
    sleep 0.1
    PATIENCE=$((PATIENCE - 1))
  done
  kill -KILL -- "-$CHILD" 2>/dev/null || true
}
trap 'status=$?; trap "" INT TERM HUP; end_child; exit $status' EXIT
trap 'exit 130' INT TERM HUP
trap 'say "tools/setup failed at ${BASH_SOURCE[0]}:$LINENO: $BASH_COMMAND" >&2' ERR

# Runs a command with its output in a log, tells that it is alive every ten seconds, and on failure shows the
# end of the log and what to do about it.
run_step() {  # title, log name, command...
  local title=$1 log=$CACHE/logs/$2.log began=$SECONDS beat=0 pid last
  shift 2
  DID=1
  say "$title"
  set -m
  "$@" >"$log" 2>&1 </dev/null 9>&- &
  pid=$!
  set +m
  CHILD=$pid
  while kill -0 $pid 2>/dev/null; do
    sleep 0.1
    beat=$((beat + 1))
    if [ $((beat % 100)) = 0 ]; then
      last=$(tail -c 4000 "$log" | tr '\r' '\n' | awk 'NF { line = $0 } END { if (line ~ /^\[/) sub(/ [^ ]*\//, " ", line); print substr(line, 1, 90) }')
      say "    $((SECONDS - began)) s  $last"
    fi
  done
  CHILD=
  if ! wait $pid; then
    tail -n 25 "$log" >&2
    die "$title failed (log: $log)" "$(explain "$log")"
  fi
  say "    done in $((SECONDS - began)) s"
}
