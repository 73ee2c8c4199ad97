#!/usr/bin/env bash
# Does the service do its work under a real systemd? Boots Debian in a container and looks.
#
#     apt-get install debootstrap systemd-container
#     packaging/try-unit.sh [DIR]
#
# As root; takes four minutes. DIR (./unit-trial) keeps the Debian root between two runs, 0.5 GiB;
# each run boots a fresh copy of it. The service is installed as README.md says, and `unit-trial.sh` is run inside
# as a service of its own, which prints a line per promise and switches the container off. The exit
# status is 0 if all were kept. PYTHON makes the wheels, so it must be of Debian's version.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
trial=$(realpath -m "${1:-unit-trial}")
python=${PYTHON:-python3.11}
packages=systemd,systemd-sysv,dbus,python3,python3-venv,procps,iproute2,ca-certificates

for tool in debootstrap systemd-nspawn "$python"; do
    command -v "$tool" >/dev/null || { echo "$tool is not installed" >&2; exit 2; }
done
mkdir -p "$trial"

if [ ! -e "$trial/debian/.complete" ]; then
    rm -rf "$trial/debian"
    debootstrap --variant=minbase --include="$packages" bookworm "$trial/debian"
    touch "$trial/debian/.complete"
fi

rm -rf "$trial/wheels" "$trial/root"
"$python" -m pip wheel --quiet --wheel-dir "$trial/wheels" "$here/.."
cp -a "$trial/debian" "$trial/root"
root=$trial/root
mv "$trial/wheels" "$root/opt/wheels"
chroot "$root" python3 -m venv /opt/mcastdist
chroot "$root" /opt/mcastdist/bin/pip --isolated install --quiet --no-index \
    --find-links /opt/wheels mcastdist
ln -s /opt/mcastdist/bin/mcastdist "$root/usr/bin/mcastdist"

# README.md's table, as an administrator follows it.
install -D -m 0644 "$here/mcastdist-agent.service" -t "$root/etc/systemd/system"
install -D -m 0644 "$here/mcastdist.sysusers" "$root/usr/lib/sysusers.d/mcastdist.conf"
install -D -m 0644 "$here/mcastdist.tmpfiles" "$root/usr/lib/tmpfiles.d/mcastdist.conf"
install -D -m 0644 "$here/90-mcastdist.conf" -t "$root/etc/sysctl.d"
install -D -m 0644 "$here/agent.toml" -t "$root/opt/packaging"

install -m 0755 "$here/unit-trial.sh" "$root/opt/unit-trial.sh"
cat > "$root/etc/systemd/system/unit-trial.service" <<END
[Unit]
After=basic.target
[Service]
Type=oneshot
ExecStart=/opt/unit-trial.sh
StandardOutput=append:/opt/report
StandardError=append:/opt/report
TimeoutStartSec=600
ExecStopPost=/bin/systemctl poweroff --no-block
END
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s ../unit-trial.service "$root/etc/systemd/system/multi-user.target.wants/"

# No manager on the host is needed: nothing is registered, and the container has only its own network.
timeout 900 systemd-nspawn --quiet --register=no --keep-unit --boot --private-network \
    --machine=mcastdist-unit-trial --directory="$root" --console=pipe \
    </dev/null >"$trial/console" 2>&1 || true
cat "$root/opt/report" || { tail -n 20 "$trial/console" >&2; exit 1; }
tail -n 1 "$root/opt/report" | grep -q '^all .* promises kept$'
