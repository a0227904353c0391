#!/bin/sh
# Starts a private PulseAudio with null sinks: sound devices without hardware, for tests.
#
#   eval "$(voip-media/tests/pulse/start.sh [DIR])"   # DIR: target/pulse if not given
#   UC_TEST_PULSE=1 cargo test -p voip-media --features device --test audio_devices
#   voip-media/tests/pulse/stop.sh [DIR]
#
# Prints the environment that leads programs to it. Devices: sinks `speaker` (default, 48 kHz
# stereo) and `headset` (44.1 kHz stereo), each with its `.monitor`; source `microphone`
# (default), which hears what is played to the sink `voice`. It neither touches nor needs the
# user's own sound server, and no root.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
dir=${1:-$here/../../../target/pulse}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

command -v pulseaudio >/dev/null || {
    echo "pulseaudio is not installed: apt-get install pulseaudio pulseaudio-utils" >&2
    exit 3
}

print_environment() {
    cat <<X
export XDG_RUNTIME_DIR='$dir/run'
export PULSE_RUNTIME_PATH='$dir/run/pulse'
export PULSE_STATE_PATH='$dir/state'
export PULSE_CONFIG_PATH='$dir/config'
export PULSE_SERVER='unix:$dir/run/pulse/native'
export UC_TEST_PULSE=1
X
}

if [ -f "$dir/pid" ] && kill -0 "$(cat "$dir/pid")" 2>/dev/null; then
    print_environment
    exit 0
fi

rm -rf "$dir/run" "$dir/state" "$dir/config"
mkdir -p -m 700 "$dir/run" "$dir/run/pulse" "$dir/state" "$dir/config"
eval "$(print_environment)"

cat >"$dir/config/default.pa" <<X
load-module module-native-protocol-unix auth-anonymous=1 socket=$dir/run/pulse/native
load-module module-null-sink sink_name=speaker sink_properties=device.description=Speaker rate=48000 channels=2
load-module module-null-sink sink_name=headset sink_properties=device.description=Headset rate=44100 channels=2
load-module module-null-sink sink_name=voice sink_properties=device.description=Voice rate=48000 channels=1
load-module module-remap-source source_name=microphone master=voice.monitor source_properties=device.description=Microphone
set-default-sink speaker
set-default-source microphone
X

pulseaudio -n -F "$dir/config/default.pa" --daemonize=no --exit-idle-time=-1 --disallow-exit \
    --use-pid-file=no --realtime=no --high-priority=no --log-target="file:$dir/log" \
    >"$dir/output" 2>&1 </dev/null &
pid=$!
echo "$pid" >"$dir/pid"

tries=0
until [ -S "$dir/run/pulse/native" ] && pactl info >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ] || ! kill -0 "$pid" 2>/dev/null; then
        echo "pulseaudio did not start; its log: $dir/log and $dir/output" >&2
        kill "$pid" 2>/dev/null || true
        rm -f "$dir/pid"
        exit 1
    fi
    sleep 0.1
done
print_environment
