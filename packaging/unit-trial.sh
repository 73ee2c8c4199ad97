#!/usr/bin/env bash
# What does the service promise where systemd runs it? Run by try-unit.sh inside a container.
#
# A line per promise, `ok` or `BROKEN`, then what the journal says; the last line is the sum.
set -uo pipefail
unit=mcastdist-agent
broken=0
tried=0

promise() { # promise SENTENCE COMMAND...: the command says by its status whether it is kept
    local sentence=$1 said
    shift
    tried=$((tried + 1))
    if said=$("$@" 2>&1); then
        echo "ok      $sentence"
    else
        echo "BROKEN  $sentence"
        printf '%s\n' "$said" | tail -n 12 | sed 's/^/            /'
        broken=$((broken + 1))
    fi
}
fails() { ! "$@"; }
fails_with() { # fails_with WORDS COMMAND...: it fails, and says why
    local words=$1 said
    shift
    if said=$("$@" 2>&1); then return 1; fi
    printf '%s\n' "$said"
    grep -q -- "$words" <<< "$said"
}
shown() { systemctl show --value --property="$1" "$unit"; }
as() { # as USER COMMAND...
    local user=$1
    shift
    setpriv --reuid="$user" --regid="$user" --init-groups -- "$@"
}
within() { # within SECONDS COMMAND...: kept as soon as the command is content
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $until ] || return 1
        sleep 0.2
    done
}

prepare() {
    # Two interfaces on one wire: without a subnet an agent has nothing to do.
    ip link add lan0 type veth peer name lan1
    ip addr add 10.77.0.1/24 dev lan0
    ip link set lan0 up && ip link set lan1 up && ip link set lo up

    mkdir -p /opt/keys /opt/files/sub
    mcastdist keygen --out /opt/keys
    head -c 20000000 /dev/urandom > /opt/files/big
    echo hello > /opt/files/sub/small
    mcastdist publish --name trial --version 1 --key /opt/keys/signing.key --out /srv/packages /opt/files
    systemd-run --unit=trial-origin --quiet mcastdist origin --listen 10.77.0.1:8080 /srv/packages

    # As README.md says.
    systemd-sysusers
    mkdir -p /etc/mcastdist && cp /opt/packaging/agent.toml /opt/keys/cluster.key \
        /opt/keys/signing.pub /etc/mcastdist/
    systemd-tmpfiles --create
    sed -i 's/^# session_start_delay_s.*/session_start_delay_s = 1/' /etc/mcastdist/agent.toml

    useradd --no-create-home --groups mcastdist member
    useradd --no-create-home stranger
    install -d -o mcastdist -g mcastdist /srv/software
    mkdir -p /etc/systemd/system/$unit.service.d
    printf '[Service]\nReadWritePaths=/srv/software\n' > /etc/systemd/system/$unit.service.d/deliver.conf
    systemctl daemon-reload
    printf '[control]\nsocket = "/run/mcastdist/control.sock"\n' > /opt/stranger.toml
}

url=http://10.77.0.1:8080/trial-1.mcd
dest=/srv/software/trial
main_pid() { shown MainPID; }
has_restarted() { [ "$(main_pid)" != "$1" ] && [ "$(shown ActiveState)" = active ]; }
said() { journalctl --unit=$unit --output=cat --no-pager | grep -q -- "$1"; }
field() { awk -v key="$1:" '$1 == key { print $2 }' "/proc/$(main_pid)/status"; }
is_delivered() { diff -r /opt/files "$dest"; }

conclude() {
    echo
    echo "what the journal says:"
    journalctl --unit=$unit --output=short-monotonic --no-pager | cut -c1-200 | sed 's/^/    /'
    echo "what systemd-analyze says:"
    systemd-analyze security --no-pager $unit | tail -n 1
    echo
    [ $broken = 0 ] && echo "all $tried promises kept" || echo "$broken of $tried promises broken"
    exit 0
}

prepare > /opt/prepared 2>&1 || { cat /opt/prepared; echo "the trial itself could not begin"; exit 1; }
promise "systemd accepts the unit" systemd-analyze verify --man=no /etc/systemd/system/$unit.service
promise "it starts, and says itself when it is ready" timeout 60 systemctl enable --now $unit
[ $broken = 0 ] || conclude # there is nothing to try
promise "the manager sees it active" test "$(shown ActiveState)" = active
promise "its line in systemctl status is its own" test -n "$(shown StatusText)"
promise "it runs as its own user" test "$(stat -c %U "/proc/$(main_pid)")" = mcastdist
promise "it has no capability" test "$(field CapEff)$(field CapBnd)" = "$(printf '0%.0s' {1..32})"
promise "a filter of system calls is on" test "$(field Seccomp)" = 2
promise "the watchdog waits" test "$(shown WatchdogUSec)" = 1min
promise "root commands it" mcastdist status
promise "a member of its group commands it" as member mcastdist status
promise "another user does not" fails_with "no agent answers here" as stranger mcastdist status
promise "nor by naming the socket" fails_with "does not let this user in" \
    as stranger env MCASTDIST_CONFIG=/opt/stranger.toml mcastdist status
promise "another user reads neither settings nor key" fails as stranger \
    sh -c 'cat /etc/mcastdist/agent.toml || cat /etc/mcastdist/cluster.key || ls /var/lib/mcastdist'
promise "a member fetches a package by it" as member timeout 60 mcastdist fetch "$url" --dest "$dest"
promise "the files are there, to the byte" is_delivered
promise "they are for everybody to read" as stranger cat "$dest/sub/small"
promise "a task is taken" as member mcastdist task add "$url"
promise "outside of its places it delivers nothing" fails_with "Read-only" \
    as member timeout 60 mcastdist fetch "$url" --dest /opt/elsewhere
promise "doctor finds nothing worse than a warning" sh -c 'mcastdist doctor --json > /opt/doctor; test $? -le 6'
promise "it reads its settings again" systemctl reload $unit
promise "and says so" within 10 said "settings read again"

was=$(main_pid)
kill -9 "$was"
promise "killed, it is started again" within 30 has_restarted "$was"
promise "and works" within 30 as member mcastdist status
was=$(main_pid)
kill -STOP "$was"
promise "frozen, the watchdog ends it and it is started again" within 120 has_restarted "$was"
sleep 65 # longer than WatchdogSec
promise "awake, the watchdog leaves it alone" test "$(main_pid)" != 0 -a "$(shown NRestarts)" = 2

began=$SECONDS
promise "it stops" timeout 60 systemctl stop $unit
promise "in good order" test "$(shown Result)" = success
promise "within seconds" test $((SECONDS - began)) -le 10
promise "nothing is left of its sockets" fails test -e /run/mcastdist/control.sock
# A refused call is an error that may pass unseen; so once more with death for it.
printf '[Service]\nSystemCallErrorNumber=kill\n' > /etc/systemd/system/$unit.service.d/kill.conf
systemctl daemon-reload
promise "it starts again" timeout 60 systemctl start $unit
was=$(main_pid)
promise "a file is fetched of which only the digest is known" as member timeout 60 \
    mcastdist fetch http://10.77.0.1:8080/trial-1.mcd --dest "$dest-manifest" \
    --sha256 "$(sha256sum /srv/packages/trial-1.mcd | cut -d' ' -f1)"
promise "it examines itself" sh -c 'mcastdist doctor > /opt/doctor; test $? -le 6'
promise "its cache is looked after" sh -c 'mcastdist cache verify && mcastdist cache remove trial'
promise "all is fetched again" as member timeout 60 mcastdist fetch "$url" --dest "$dest-again"
promise "it reads its settings again" systemctl reload $unit
promise "it stops" timeout 60 systemctl stop $unit
promise "in all that it made no system call that is refused" fails said "status=31/SYS"

sed -i 's/^id = .*/idd = "example"/' /etc/mcastdist/agent.toml
promise "with wrong settings it does not start" fails timeout 60 systemctl start $unit
sleep 8 # longer than RestartSec
promise "nor is it tried again" test "$(shown ActiveState)$(shown NRestarts)" = failed0
promise "and the journal says what is wrong" said "idd"
conclude
