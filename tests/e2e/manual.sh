# The manual page and the completions contain the whole option table.
. "$(dirname "$0")/lib.sh"

run --help
same $status 0 --help
# Finds every name at the beginning of a line of the table; --x3 and the like share one.
sed -n '/^Examples/q; /^  -/{ s/   .*//; p; }' stdout | grep -oE -e '(^|[ ,])--?[a-z][a-z0-9:_-]*' |
    tr -d ' ,' | sort -u >names
[ "$(wc -l <names)" -gt 60 ] || fail "only $(wc -l <names) names in --help"

# generated WHAT: puts its text into $text; stderr stays empty.
generated() {
    run --generate "$1"
    same $status 0 "--generate $1"
    [ ! -s stderr ] || fail 'words on stderr'
    text=$(cat stdout)
}

# has_all TEXT: the text contains every name as a separate word.
has_all() {
    printf '%s\n' "$1" >text
    while read -r name; do
        grep -qE -e "(^|[^a-z-])$name([^a-z0-9-]|\$)" text || fail "$name is missing in $case"
    done <names
}

# completed SHELL: Tab turns each line in `lines` into the text beside it.
completed() {
    "$RIFEC" --generate "$1" >script
    cut -d'|' -f1 lines >typed
    cut -d'|' -f2 lines >expected
    set -- "$1" script
    while read -r line; do
        set -- "$@" "$line"
    done <typed
    PATH=$(dirname "$RIFEC"):$PATH python3 "$tests/e2e/complete.py" "$@" >got
    diff expected got >difference || fail "$1 completes otherwise: $(cat difference)"
}

cat >lines <<'END'
rifec --devi|--device
rifec --device che|--device check
rifec --device=che|--device=check
rifec --dedup smo|--dedup smooth
rifec -c:|-c:v
rifec -c:v ffvh|-c:v ffvhuff
rifec -vcodec ffvh|-vcodec ffvhuff
rifec --codec=ffvh|--codec=ffvhuff
rifec -f matros|-f matroska
rifec --preset ultr|--preset ultrafast
rifec -pix_fmt yuv420p10l|-pix_fmt yuv420p10le
rifec --colorspace bt2020n|--colorspace bt2020nc
rifec -i a -o b.mkv --trc arib|-i a -o b.mkv --trc arib-std-b67
rifec --crf 1|--crf 1
rifec -i name|-i names
rifec name|names
END

case=$1
case $1 in
man)
    generated man
    has_all "$(printf '%s\n' "$text" | sed 's/\\-/-/g; s/\\f[BIR]//g')"
    for title in NAME SYNOPSIS DESCRIPTION OPTIONS 'EXIT STATUS' ENVIRONMENT FILES NOTES \
        EXAMPLES 'SEE ALSO'; do
        grep -q "^\.SH \"$title\"" stdout || fail "no section $title"
    done
    # The page has every exit status and every variable that the program reads.
    run --help
    sed -n '/^Exit status/,$ s/^  \([0-9][0-9, ]*[0-9]\|[0-9]\).*/\1/p' stdout >statuses
    [ "$(wc -l <statuses)" = 11 ] || fail 'exit statuses in --help'
    while read -r status; do
        printf '%s\n' "$text" | grep -qx "$status" || fail "no exit status $status"
    done <statuses
    grep -rhoE '(getenv|slurm_bytes)\("[A-Z_]+"' "$tests/../src" | sed 's/.*("//; s/"//' |
        sort -u >variables
    [ "$(wc -l <variables)" -ge 6 ] || fail 'the variables that are looked at'
    while read -r variable; do
        printf '%s\n' "$text" | grep -q "^\.B .*\b$variable\b" || fail "no $variable"
    done <variables
    # The page is the same on every day.
    printf '%s\n' "$text" >page
    grep -Eq '^\.TH RIFEC 1 "20[0-9]{2}-[01][0-9]-[0-3][0-9]"' page || fail 'no date'
    SOURCE_DATE_EPOCH=86400 "$RIFEC" --generate man | grep -q '^\.TH RIFEC 1 "1970-01-02"' ||
        fail 'SOURCE_DATE_EPOCH'
    if command -v mandoc >/dev/null; then
        same "$(mandoc -T lint -W warning page)" '' 'what mandoc says'
    fi
    if command -v groff >/dev/null; then
        same "$(groff -ww -man -Tutf8 page 2>&1 >/dev/null)" '' 'what groff says'
    fi
    if command -v man >/dev/null; then
        same "$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l ./page 2>&1 >/dev/null)" '' \
            'what man says'
    fi
    ;;
bash)
    generated bash
    has_all "$text"
    command -v bash >/dev/null || exit 0
    completed bash
    ;;
zsh)
    generated zsh
    has_all "$(printf '%s\n' "$text" | sed 's/\\:/:/g')"
    command -v zsh >/dev/null || exit 0
    completed zsh
    ;;
fish)
    generated fish
    has_all "$(printf '%s\n' "$text" | sed 's/ -l / --/g; s/ -[so] / -/g')"
    command -v fish >/dev/null || exit 0
    PATH=$(dirname "$RIFEC"):$PATH
    while IFS='|' read -r typed expected; do
        found=$(fish -c "source stdout; complete -C '$typed'" </dev/null | cut -f1)
        case $typed in
        *' --crf 1') same "$found" '' "completion of '$typed'" ;;
        *) # After a colon, fish offers files as well.
            printf '%s\n' "$found" | grep -qx -e "${expected##* }" ||
                fail "completion of '$typed': $found"
            ;;
        esac
    done <lines
    ;;
esac
