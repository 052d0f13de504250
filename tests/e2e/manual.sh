# The option table in other forms: all of it is in each of them.
. "$(dirname "$0")/lib.sh"

run --help
same $status 0 --help
# Every name at the beginning of a line of the table; --x3 and the like share one.
sed -n '/^Examples/q; /^  -/{ s/   .*//; p; }' stdout | grep -oE -e '(^|[ ,])--?[a-z][a-z0-9:_-]*' |
    tr -d ' ,' | sort -u >names
[ "$(wc -l <names)" -gt 60 ] || fail "only $(wc -l <names) names in --help"

# generated WHAT: its text is in $text, and nothing on stderr.
generated() {
    run --generate "$1"
    same $status 0 "--generate $1"
    [ ! -s stderr ] || fail 'words on stderr'
    text=$(cat stdout)
}

# has_all TEXT: every name, as a word of its own.
has_all() {
    printf '%s\n' "$1" >text
    while read -r name; do
        grep -qE -e "(^|[^a-z-])$name([^a-z0-9-]|\$)" text || fail "$name is missing in $case"
    done <names
}

case=$1
case $1 in
man)
    generated man
    has_all "$(printf '%s\n' "$text" | sed 's/\\-/-/g; s/\\f[BIR]//g')"
    for title in NAME SYNOPSIS OPTIONS 'EXIT STATUS' EXAMPLES; do
        grep -q "^\.SH \"$title\"" stdout || fail "no section $title"
    done
    if command -v mandoc >/dev/null; then
        mandoc -T lint -W error stdout || fail 'mandoc -T lint'
    fi
    if command -v groff >/dev/null; then
        same "$(groff -ww -man -Tutf8 stdout 2>&1 >/dev/null)" '' 'what groff says'
    fi
    ;;
bash)
    generated bash
    has_all "$text"
    command -v bash >/dev/null || exit 0
    # completes LINE RESULT: the last word of the line.
    completes() {
        same "$(bash -c '. ./stdout
            compopt() { :; }
            read -ra COMP_WORDS <<<"$1"
            [ "${1% }" = "$1" ] || COMP_WORDS+=("")
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _rifec
            echo "${COMPREPLY[*]}"' - "$1")" "$2" "completion of '$1'"
    }
    completes 'rifec --devi' '--device'
    completes 'rifec --device ' 'auto cpu cuda check'
    completes 'rifec --device = cu' 'cuda'
    completes 'rifec --dedup s' 'smooth'
    completes 'rifec -i nam' 'names'
    completes 'rifec nam' 'names'
    completes 'rifec --crf ' ''
    ;;
zsh)
    generated zsh
    has_all "$(printf '%s\n' "$text" | sed 's/\\:/:/g')"
    if command -v zsh >/dev/null; then
        zsh -n stdout || fail 'zsh -n'
    fi
    ;;
fish)
    generated fish
    has_all "$(printf '%s\n' "$text" | sed 's/ -l / --/g; s/ -[so] / -/g')"
    command -v fish >/dev/null || exit 0
    fish -n stdout || fail 'fish -n'
    same "$(fish -c 'source stdout; complete -C "rifec --device c"' | cut -f1 | tr '\n' ' ')" \
        'check cpu cuda ' 'completion of --device c'
    ;;
esac
