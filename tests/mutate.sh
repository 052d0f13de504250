#!/bin/sh
# Changes the program in small ways, one at a time, and looks whether the tests notice:
# another operator, another constant, a condition turned around, a call left out.
#
#   tests/mutate.sh [--seed N] [--count N] [--only I] [--labels REGEX] [FOLDER]
#
# Mutations are drawn over all files of src but those of CUDA, the same ones for a seed
# (1) and a tree; 100 unless --count says otherwise. FOLDER: where to build; kept, so that
# a second run is quick. The tests are those of labels that match REGEX, without the long
# ones: unit, op, model, media and smoke, unless told otherwise; unit tests come first.
# The last line counts the survivors: look at each, and write the test that it wants, or
# see that the change makes no difference. Ends with 1 if the tests fail by themselves.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
seed=1 count=100 only= folder= labels='^(unit|op|model|media|smoke)$'
while [ $# -gt 0 ]; do
    case $1 in
    --seed) seed=$2 && shift ;;
    --count) count=$2 && shift ;;
    --only) only=$2 && shift ;;
    --labels) labels=$2 && shift ;;
    -*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
    *) folder=$1 ;;
    esac
    shift
done
if [ -z "$folder" ]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
fi
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
tree=$folder/tree

# draw: lines of NUMBER, FILE, LINE, COLUMN, OLD and NEW text, separated by tabs.
draw() {
    python3 - "$tree" "$seed" "$count" <<'END'
import glob, random, re, sys

tree, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
swaps = {"<": "<=", ">": ">=", "<=": "<", ">=": ">", "==": "!=", "!=": "==", "&&": "||",
         "||": "&&", "+": "-", "-": "+", "*": "+", "+=": "-=", "-=": "+=",
         "true": "false", "false": "true"}
operator = re.compile(r" (<=|>=|==|!=|&&|\|\||\+=|-=|<|>|\+|-|\*) (?=[\w(])"
                      r"|\b(true|false)\b")
number = re.compile(r"(?<![\w.#])([0-9]+)(?![\w.])")
call = re.compile(r"^ +((?:TRY\()?[a-z]\w*\([^;{}]*\);)$", re.M)
ignored = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
                     r'|^ *#[^\n]*', re.S | re.M)

def candidates(path):
    text = open(path, encoding="utf-8").read()
    bare = ignored.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    for m in operator.finditer(bare):
        i = 1 if m[1] else 2
        yield text, m.start(i), m[i], swaps[m[i]]
    for m in number.finditer(bare):
        yield text, m.start(1), m[1], str(int(m[1]) + 1)
    for m in call.finditer(bare):
        if not re.match(r"(log|fprintf|assert|free|close)", m[1]) and "\n" not in m[1]:
            yield text, m.start(1), text[m.start(1):m.end(1)], ";"

rng = random.Random(seed)
files = sorted(p for p in glob.glob(tree + "/src/*/**/*.c", recursive=True)
               if "/cuda/" not in p and "/cudnn/" not in p)
drawn = 0
while drawn < count:
    path = rng.choice(files)
    found = list(candidates(path))
    if not found:
        continue
    text, at, old, new = rng.choice(found)
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1)
    drawn += 1
    print(drawn, path[len(tree) + 1:], line, column, old, new, sep="\t")
END
}

# change FILE LINE COLUMN OLD NEW
change() {
    python3 - "$@" <<'END'
import sys

path, line, column, old, new = sys.argv[1:]
lines = open(path, encoding="utf-8").read().split("\n")
text, at = lines[int(line) - 1], int(column)
assert text[at:at + len(old)] == old
lines[int(line) - 1] = text[:at] + new + text[at + len(old):]
open(path, "w", encoding="utf-8").write("\n".join(lines))
END
}

build() {
    cmake --build "$folder/build" >"$folder/log" 2>&1
}

# some CTEST-OPTIONS. Tests that only look at the text of the sources notice nothing here;
# a change may make a loop endless.
some() {
    ctest --test-dir "$folder/build" "$@" \
        -E '^(headers|layers|symbols|fidelity|cuda_toolkit|model_sum)$' \
        --stop-on-failure --timeout 120 -j "$(nproc)" >"$folder/verdict" 2>&1
}

tests() {
    some -L '^unit$' -LE '^long$' && some -L "$labels" -LE '^(long|unit)$'
}

mkdir -p "$tree"
for part in CMakeLists.txt LICENSE README.md CHANGELOG.md setup.sh src include kernels \
    weights bench docs examples packaging tests; do
    rm -rf "$tree/${part:?}"
    cp -R "$root/$part" "$tree/" # with new times: a run may have ended within a mutation
done
cmake -S "$tree" -B "$folder/build" -G Ninja -DRIFEC_CUDA=OFF -DRIFEC_BENCH=OFF \
    >"$folder/log" 2>&1 && build || { cat "$folder/log"; exit 1; }
tests || { cat "$folder/verdict"; echo 'the tests fail without a mutation'; exit 1; }
draw >"$folder/mutations"

noticed=0 survivors=0 invalid=0
tab=$(printf '\t')
while IFS=$tab read -r n file line column old new; do
    [ -z "$only" ] || [ "$only" = "$n" ] || continue
    cp -p "$tree/$file" "$folder/kept"
    change "$tree/$file" "$line" "$column" "$old" "$new"
    if ! build; then
        verdict='does not compile' invalid=$((invalid + 1))
    elif tests; then
        verdict=SURVIVES survivors=$((survivors + 1))
    else
        by=$(sed -n 's/^\t* *[0-9]* - \([^ ]*\) (.*/\1/p' "$folder/verdict" | head -n 1)
        verdict="noticed by $by" noticed=$((noticed + 1))
    fi
    printf '%s %s:%s: "%s" becomes "%s": ' "$n" "$file" "$line" "$old" "$new"
    echo "$verdict"
    cp "$folder/kept" "$tree/$file"
done <"$folder/mutations"
echo "seed $seed: $noticed noticed, $survivors survive, $invalid do not compile"
