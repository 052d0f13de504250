#!/bin/sh
# A lack of memory never ends a job without a message: RIFEC_ERR_NOMEM comes from
# mem_fail(), or from a line that logs or is near one that does. Usage: messages.sh ROOT
cd "$1/src" || exit 1
failed=0
for file in $(find . -name '*.c' ! -path ./base/err.c ! -path ./base/mem.c); do
    awk -v file="${file#./}" '
        /log_[a-z]*\(/ { logged = NR }
        /RIFEC_ERR_NOMEM/ && !/(FAIL|_fail|_exit)\(|[!=]= RIFEC_ERR_NOMEM/ &&
            (!logged || NR - logged > 7) {
            print file ":" NR ":" $0
            found = 1
        }
        END { exit found }' "$file" || failed=1
done
# Functions of FFmpeg that may run out of memory are never called without checking the
# result.
calls='av_dict_(set|copy)|av_(frame|packet)_(ref|copy_props)|av_new_packet'
calls="$calls|av_frame_get_buffer|avcodec_parameters_(copy|(to|from)_context)"
! grep -rnE "^ *(\(void\) *)?($calls)\(" . || failed=1
test $failed = 0 || echo 'Say what could not be allocated: use mem_fail() of base/mem.h.'
exit $failed
