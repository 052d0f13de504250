#!/bin/sh
# A long job that survives being stopped: run it every night (from cron, say) until it says
# that all is done. --resume keeps what is finished, and timeout(1) ends the night.
#
#   night.sh HOURS IN.mkv OUT.mkv [rifec's options]
#
# Exit status: 0 when the film is finished, 75 when there is more to do, else rifec's own.
set -eu

hours=$1 in=$2 out=$3
shift 3
if [ -e "$out" ] && [ ! -e "$out.resume" ]; then
    exit 0
fi
status=0
timeout --signal=INT --preserve-status "${hours}h" \
    "${RIFEC:-rifec}" -i "$in" -o "$out" --resume "$@" || status=$?
case $status in
130) # stopped by the clock or by hand: the next night goes on from there
    echo "night.sh: '$out' is not finished; run it again" >&2
    exit 75 # EX_TEMPFAIL
    ;;
*) exit $status ;;
esac
