# N frames at factor m give N*m frames, each at its exact time, in both of the usual
# containers; the duration stays.
. "$(dirname "$0")/lib.sh"

factor=$1
case $factor in
2 | 3 | 4 | 8) flags=--x$factor ;;
*) flags="--factor $factor" ;;
esac

synth in.mp4 0.28 25 64x48 -bf 2 # 5/2 times seven frames is not a whole number
for out in out.mp4 out.mkv; do
    works -i in.mp4 -o $out $flags --preset ultrafast
    exact=
    [ $out = out.mkv ] || exact=exact # Matroska rounds times to milliseconds
    judge times in.mp4 $out "$factor" $exact
    intact $out
done
judge json - 'abs(float(streams[0]["duration"]) - 0.28) < 0.0001' <<END
$(ffprobe -v error -select_streams v:0 -show_entries stream=duration -of json out.mp4)
END
no_leftovers
