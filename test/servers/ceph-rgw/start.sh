#!/usr/bin/env bash
# A real Ceph object gateway on loopback: a monitor, one storage daemon that keeps its data in memory, the gateway. Any user may start
# one, and several run beside each other.
#   start.sh FOLDER            starts it with its state in FOLDER, which must be new or empty
#   start.sh FOLDER            once more: starts only the gateway again, on the same data, if it is not there
#   stop.sh FOLDER [gateway]   stops it all, or kills the gateway alone
# Prints a line: endpoint, access key, secret key, then the two keys of a user who may only read the first one's buckets.
# FOLDER is a short path: sockets lie in it. Debian: apt-get install -y --no-install-recommends radosgw ceph-mon ceph-osd
set -euo pipefail

for program in radosgw radosgw-admin ceph-mon ceph-osd; do
  command -v "$program" > /dev/null || { echo "not installed: $program" >&2; exit 1; }
done

folder=$(mkdir -p "$1" && cd "$1" && pwd)
configuration=$folder/ceph.conf
access_key=BATWRITERACCESSKEY00
secret_key=write/Secret+of/the/tests+0123456789abcd
reader_access_key=BATREADERACCESSKEY00
reader_secret_key=read/Secret+of/the/tests+0123456789abcde
cold_classes='STANDARD_IA ONEZONE_IA INTELLIGENT_TIERING GLACIER_IR GLACIER DEEP_ARCHIVE'

trap 'echo "failed: $BASH_COMMAND" >&2; tail -qn 3 "$folder"/log/*.{out,log} >&2 2> /dev/null || true' ERR

# Outside of the range that systems hand out to clients and to servers without a port of their own.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null || break
  done
  echo "$port"
}

gateway_answers() {
  timeout 3 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0"; printf "GET / HTTP/1.0\r\n\r\n" >&3; head -c 5 <&3 | grep -q HTTP/' "$gateway_port" 2> /dev/null
}

start_gateway() {
  timeout 60 radosgw -c "$configuration" -n client.rgw --pid-file "$folder/gateway.pid" >> "$folder/log/gateway.out" 2>&1
  until gateway_answers; do
    if [ $SECONDS -gt 60 ]; then
      echo 'the gateway does not answer' >&2
      tail -n 5 "$folder/log/client.rgw.log" >&2
      exit 1
    fi
    sleep 0.1
  done
}

tell() { echo "http://127.0.0.1:$gateway_port $access_key $secret_key $reader_access_key $reader_secret_key"; }

if [ -e "$folder/gateway.port" ]; then
  gateway_port=$(cat "$folder/gateway.port")
  gateway_answers || start_gateway
  tell
  exit 0
fi

gateway_port=$(free_port)
monitor_port=$(free_port)
cluster=$(cat /proc/sys/kernel/random/uuid)
mkdir -p "$folder"/{monitor,storage,log,run}

# Nothing is guarded or copied: one machine, one user, loopback only.
cat > "$configuration" << CONFIGURATION
[global]
fsid = $cluster
mon host = v2:127.0.0.1:$monitor_port/0
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
ms bind ipv6 = false
ms bind msgr1 = false
ms bind port min = 10000
ms bind port max = 19999
ms mon client mode = crc
ms mon service mode = crc
ms mon cluster mode = crc
auth cluster required = none
auth service required = none
auth client required = none
auth allow insecure global id reclaim = false
keyring = $folder/keyring
run dir = $folder/run
admin socket = $folder/run/\$name.asok
pid file = $folder/\$type.pid
log file = $folder/log/\$name.log
crash dir = $folder/run
mon data = $folder/monitor
osd data = $folder/storage
mon allow pool size one = true
mon warn on pool no redundancy = false
mon data avail warn = 1
mon data avail crit = 1
mon max pg per osd = 2000
mon pg warn min per osd = 0
paxos propose interval = 0.02
paxos min wait = 0.01
osd objectstore = memstore
memstore device bytes = 8589934592
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd class load list = *
osd class default list = *
osd client watch timeout = 3
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:$gateway_port tcp_nodelay=1
rgw enable usage log = false
rgw gc obj min wait = 5
rgw crypt require ssl = false
rgw rados pool pg num min = 1
rgw thread pool size = 32
CONFIGURATION

export CEPH_CONF=$configuration
ceph-authtool --create-keyring "$folder/keyring" --gen-key -n mon. --cap mon 'allow *' > /dev/null
ceph-authtool "$folder/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' > /dev/null
ceph-authtool "$folder/keyring" --gen-key -n client.rgw --cap mon 'allow *' --cap osd 'allow *' > /dev/null
monmaptool --create --clobber --fsid "$cluster" --addv a "[v2:127.0.0.1:$monitor_port]" "$folder/monmap" > /dev/null
ceph-mon -c "$configuration" --mkfs -i a --monmap "$folder/monmap" --keyring "$folder/keyring"
ceph-mon -c "$configuration" -i a >> "$folder/log/monitor.out" 2>&1

storage=$(cat /proc/sys/kernel/random/uuid)
timeout 60 ceph -c "$configuration" osd new "$storage" 0 > /dev/null
ceph-osd -c "$configuration" -i 0 --mkfs --osd-uuid "$storage" >> "$folder/log/storage.out" 2>&1
ceph-osd -c "$configuration" -i 0 >> "$folder/log/storage.out" 2>&1

administer() { timeout 60 radosgw-admin -c "$configuration" "$@" 2>> "$folder/log/administer.log"; }

# The first call also makes the zone and its group.
administer user create --uid=tests --display-name=tests --access-key="$access_key" --secret="$secret_key" > /dev/null
administer subuser create --uid=tests --subuser=tests:reader --access=read --key-type=s3 --access-key="$reader_access_key" --secret-key="$reader_secret_key" > /dev/null

# Every storage class is a label on the one pool.
names='' pools=''
for class in $cold_classes; do
  names+=", \"$class\""
  pools+="\"$class\": { \"data_pool\": \"default.rgw.cold.data\" }, "
done
administer zonegroup get --rgw-zonegroup default | sed "s/\"STANDARD\"/\"STANDARD\"$names/" > "$folder/zonegroup.json"
administer zonegroup set --rgw-zonegroup default < "$folder/zonegroup.json" > /dev/null
administer zone get --rgw-zone default | sed "s/\"STANDARD\": {/$pools&/" > "$folder/zone.json"
administer zone set --rgw-zone default < "$folder/zone.json" > /dev/null

start_gateway
echo "$gateway_port" > "$folder/gateway.port"
tell
