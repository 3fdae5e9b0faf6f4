#!/bin/busybox sh
# The demo guest's first process: reports that it is up, prints its uptime, and reacts to the power button.
bb=/bin/busybox
$bb mkdir -p /proc /sys /dev
$bb mount -t proc proc /proc
$bb mount -t sysfs sysfs /sys
$bb mount -t devtmpfs dev /dev
for module in /lib/modules/*; do $bb insmod "$module"; done

# The ACPI power button is an input device; its first event is the press.
power_button() {
  for input in /sys/class/input/event*; do
    if [ "$($bb cat "$input/device/name" 2>/dev/null)" = 'Power Button' ]; then
      echo "/dev/input/${input##*/}"
      return
    fi
  done
}
tries=0
while [ -z "$(power_button)" ] && [ $tries -lt 50 ]; do
  tries=$((tries + 1))
  $bb sleep 0.1
done
button=$(power_button)
if [ -n "$button" ]; then
  (
    $bb dd if="$button" bs=24 count=1 of=/dev/null 2>/dev/null
    echo 'ironlog-guest: power button pressed, shutting down'
    $bb poweroff -f
  ) &
else
  echo 'ironlog-guest: no power button; only force stops this guest'
fi

# Optional guest actions for tests: kernelArgs "ironlog.poweroff=5", "ironlog.reboot=5" or "ironlog.panic=5" (seconds).
for word in $($bb cat /proc/cmdline); do
  case "$word" in
    ironlog.poweroff=*) ($bb sleep "${word#*=}"; $bb poweroff -f) & ;;
    ironlog.panic=*) ($bb sleep "${word#*=}"; echo c > /proc/sysrq-trigger) & ;;
    ironlog.reboot=*) ($bb sleep "${word#*=}"; $bb reboot -f) & ;;
  esac
done

echo "ironlog-guest: Linux $($bb uname -r)"
echo 'ironlog-guest: ready'
while :; do
  $bb sleep 10
  read -r up _ < /proc/uptime
  echo "ironlog-guest: up $up s"
done
