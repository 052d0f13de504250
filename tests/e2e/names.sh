# File names are names: spaces, colons, dashes, percent signs, any language.
. "$(dirname "$0")/lib.sh"

mkdir folder
synth in.mkv 0.12
for name in 'two words' 'http:x' 'per%03dcent' 'éß 影' "quote's" 'concat:a|b' './-dash' 'folder/in'; do
    cp in.mkv "$name.mkv"
    works -i "$name.mkv" -o "$name x2.mkv" --x2
    same "$(count "file:$name x2.mkv")" 6 "frames of '$name x2.mkv'"
done
# Long options take their argument either way; the last word is no extension.
works --input=in.mkv --output=plain --format=matroska --x2
same "$(count plain)" 6 frames
no_leftovers
