#!/bin/sh
# The life of the package on a machine: tests/scripts/package_test.sh runs this as root in a clean system.
set -eu

# How long a wait may take, in seconds, before the test fails.
LIMIT=150

export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive
ip link set lo up

say() {
    printf '\n--> %s\n' "$*"
}

fail() {
    echo "failed: $*" >&2
    sed 's/^/  daemon: /' /home/alice/.prestic/logs/daemon.log >&2 || true
    exit 1
}

# Runs a command as the user whose machine this is.
as_alice() {
    runuser -u alice -- env -i HOME=/home/alice USER=alice LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin \
        XDG_RUNTIME_DIR=/run/user/1000 "$@"
}

# wait_until WORDS COMMAND...: waits until a command succeeds.
wait_until() {
    what=$1
    shift
    end=$(($(date +%s) + LIMIT))
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$end" ] || fail "after $LIMIT s still not: $what"
        sleep 0.5
    done
}

files_of_the_system() {
    find / -xdev \( -path /proc -o -path /dev -o -path /home -o -path /tmp -o -path /run -o -path /packages -o -path /var/log \
        -o -path /var/cache -o -path /var/lib/dpkg -o -path /var/lib/apt \) -prune -o -print | sort
}

# history_has TASK OUTCOME
history_has() {
    as_alice prestic-ctl history "$1" --json | tr -d ' \n' | grep -q "\"outcome\":\"$2\""
}

daemon_pid() {
    as_alice prestic-ctl version --json | tr -d ' \n' | sed -n 's/.*"pid":\([0-9]*\).*/\1/p'
}

service_pid() {
    as_alice systemctl --user show --property=MainPID --value prestic-daemon.service
}

say 'A user with some files'
useradd --create-home --uid 1000 --shell /bin/bash alice
as_alice mkdir /home/alice/documents /home/alice/photos
as_alice sh -c 'head -c 200000 /dev/urandom >/home/alice/documents/letter; head -c 12000000 /dev/urandom >/home/alice/photos/album'

say 'Her session: a user manager of systemd'
install -d -o alice -g alice -m 700 /run/user /run/user/1000
chown alice "$PRESTIC_GROUP" "$PRESTIC_GROUP/cgroup.procs" "$PRESTIC_GROUP/cgroup.subtree_control"
sh -c 'echo 0 >"$PRESTIC_GROUP/cgroup.procs"; exec "$@"' sh \
    runuser -u alice -- env -i HOME=/home/alice USER=alice PATH=/usr/local/bin:/usr/bin:/bin XDG_RUNTIME_DIR=/run/user/1000 \
    /lib/systemd/systemd --user --unit=basic.target >/tmp/manager.log 2>&1 &
wait_until 'the user manager answers' as_alice systemctl --user is-active basic.target

say 'Install'
files_of_the_system >/tmp/before
apt-get install -y /packages/prestic_*-1_*.deb
for program in prestic-daemon prestic-ctl prestic-tray prestic; do
    as_alice "$program" --version
done
[ ! -e /etc/systemd/user/default.target.wants/prestic-daemon.service ] || fail 'the daemon is enabled for everybody'

say 'The demo'
as_alice env CARGO_TARGET_DIR=/home/alice/target SRC=/home/alice/documents /packages/packaging/demo.sh --installed

say 'A first configuration'
as_alice prestic-ctl new --yes --name documents --path /home/alice/documents --repository /home/alice/repository \
    --schedule 'every 1 minute' --keep all --generate-password --password-file --init
as_alice prestic-ctl new --yes --name photos --path /home/alice/photos --repository /home/alice/repository --schedule off \
    --keep all --password-stdin --password-file </home/alice/.prestic/documents.password
# The last profile is to take its time.
as_alice sh -c 'echo "limit-upload = 400" >>~/.prestic/config.ini; cat ~/.prestic/config.ini'

say 'The service'
as_alice prestic-ctl service install
as_alice prestic-ctl service status
daemon=$(daemon_pid)
[ "$(service_pid)" = "$daemon" ] || fail 'the daemon that answers is not the service'

say 'A scheduled run'
as_alice prestic-ctl status
wait_until 'a scheduled run has succeeded' history_has documents succeeded
as_alice prestic-ctl history documents

say 'The web interface'
answer=$(as_alice curl --silent --show-error --max-time 10 http://127.0.0.1:8711/healthz)
echo "$answer"
case $answer in
*'"status":"ok"'*) ;;
*) fail 'the web interface does not say that all is well' ;;
esac
link=$(as_alice prestic-ctl web --print)
as_alice curl --silent --show-error --max-time 10 --location --cookie-jar /tmp/alice.cookies "$link" | grep -q documents ||
    fail 'the web interface does not show the task'

say 'Upgrade while a backup runs'
as_alice prestic-ctl run photos --detach
is_running() {
    pgrep -u alice -f -- '--limit-upload' >/dev/null
}
wait_until 'restic runs' is_running
restic=$(pgrep -u alice -f -o -- 'restic.*--limit-upload')
apt-get install -y /packages/prestic_*-2_*.deb
[ "$(dpkg-query -W -f '${Version}' prestic)" = 0.1.0-2 ] || fail 'the package was not upgraded'
is_running || fail 'the backup did not survive the upgrade'
is_upgraded() {
    [ "$(readlink "/proc/$daemon/exe")" = /usr/bin/prestic-daemon ]
}
wait_until 'the daemon is the new program' is_upgraded
[ "$(daemon_pid)" = "$daemon" ] || fail 'the daemon is not the process that it was'
kill -0 "$restic" 2>/dev/null || fail 'the backup had ended before the new daemon took over: make it longer'
[ "$(service_pid)" = "$daemon" ] || fail 'the service has another process'
as_alice systemctl --user is-active prestic-daemon.service || fail 'the service has ended'
wait_until 'the backup has succeeded' history_has photos succeeded
as_alice prestic-ctl history
as_alice prestic-ctl status
[ "$(as_alice prestic-ctl history photos --json | tr -d ' \n' | grep -o '"outcome":' | wc -l)" -eq 1 ] ||
    fail 'the backup ran more than once'

say 'As the first process of a container'
as_alice mkdir -m 700 /home/alice/container
as_alice sh -c 'umask 077; printf "[idle]\ncommand = version\nrepository = /nowhere\n" >/home/alice/container/config.ini'
mkfifo /tmp/container.ready
unshare --pid --fork --kill-child --mount --propagation unchanged sh -c 'mount -t proc proc /proc; exec "$@"' sh \
    setpriv --reuid=alice --regid=alice --init-groups \
    env HOME=/home/alice PRESTIC_HOME=/home/alice/container PRESTIC_WEB_LISTEN=off \
    sh -c 'sleep 1 & exec prestic-daemon' >/tmp/container.ready &
container=$!
read -r answer </tmp/container.ready
[ "$answer" = ready ] || fail 'the daemon in the container did not get ready'
init=$(pgrep -P "$container" -o)
# The daemon is its child, and nothing else is left of what it was before: what had no parent any more was reaped.
is_alone() {
    [ "$(pgrep -P "$init" | wc -l)" -eq 1 ]
}
wait_until 'the orphan has been reaped' is_alone
kill -TERM "$init"
wait "$container" || fail "the container ended with $?"

say 'Remove'
apt-get remove -y prestic
[ ! -e /usr/bin/prestic-daemon ] || fail 'the program is still there'
as_alice systemctl --user stop prestic-daemon.service
wait_until 'the daemon has ended' test ! -d "/proc/$daemon"
apt-get purge -y prestic
files_of_the_system >/tmp/after
diff /tmp/before /tmp/after || fail 'the package left something behind, or took something away'

say "The user's data"
as_alice cat /home/alice/.prestic/config.ini >/dev/null
for command in 'check --read-data' snapshots; do
    # shellcheck disable=SC2086
    as_alice restic --repo /home/alice/repository --password-file /home/alice/.prestic/documents.password $command
done
