# File names may contain spaces, colons, dashes, percent signs and any language.
. "$(dirname "$0")/lib.sh"

case $1 in
odd)
    mkdir folder
    synth in.mkv 0.12
    for name in 'two words' 'http:x' 'per%03dcent' 'éß 影' "quote's" 'concat:a|b' './-dash' 'folder/in'; do
        cp in.mkv "$name.mkv"
        works -i "$name.mkv" -o "$name x2.mkv" --x2
        same "$(count "file:$name x2.mkv")" 6 "frames of '$name x2.mkv'"
    done
    # Long options accept their argument in either form; the last word has no extension.
    works --input=in.mkv --output=plain --format=matroska --x2
    same "$(count plain)" 6 frames
    no_leftovers
    ;;
terminal)
    # Control characters and marks of direction never reach the terminal: not from file
    # names, not from tags, and not from a library that writes to stderr itself.
    harmless() {
        python3 - stdout stderr <<'END' || fail 'control characters on the terminal'
import sys
for file in sys.argv[1:]:
    text = open(file, "rb").read().decode()
    bad = [c for c in text if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160
           or 0x202a <= ord(c) <= 0x202e or 0x2066 <= ord(c) <= 0x2069)]
    if bad:
        sys.exit(f"{file}: {bad}")
END
    }
    evil=$(printf 'a\302\2331mb\342\200\256c\033[2Jd\233')
    synth in.mkv 0.12
    cp in.mkv "$evil.mkv"
    works -i "$evil.mkv" -o out.mkv
    harmless
    run -i "$evil.mkv" -o "$evil"
    harmless
    run "$evil" --no-such="$evil"
    harmless
    head -c 1000 "$RIFEC" >"$evil.ttf"
    quiet_ffmpeg -i in.mkv -attach "$evil.ttf" -c copy -metadata:s:t mimetype=font/ttf tagged.mkv
    works -i tagged.mkv -o out.mp4
    says 'attachment'
    harmless
    needs_encoder libx264
    fails 8 'refuses' -q -y -i in.mkv -o out.mkv -c:v libx264 -e "tune=$evil"
    harmless
    ! grep -qv '^rifec: ' stderr || fail 'a line of the library itself'
    ;;
esac
