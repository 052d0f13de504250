#!/bin/sh
# Checks the #includes against the layers of docs/architecture.md: a file includes its own
# layer and the layers below it, and each library is used in one place.
# Usage: layers.sh ROOT
cd "$1/src" || exit 1
libraries='pthread|omp|oneapi|dnnl|cjson|lib(av|sw)|cu(da|dnn|blas|fft)|nv'
failed=0

# layer FOLDER PROJECT LIBRARIES: the headers that its files may include, as extended
# regular expressions. C and POSIX headers are always allowed. FOLDER may end in
# -maxdepth 1, which excludes its subfolders.
layer() {
    for file in $(find $1 -name '*.[ch]'); do
        grep -oE '^[ ]*#[ ]*include[ ]*["<][^">]*' "$file" | sed 's/.*include *//' |
            grep -vE "^\"($2)|^<($3)" | grep -E "^\"|^<($libraries)" | sed "s|^|$file: |"
    done | grep . && failed=1
}

layer base     'base/|rifec/'                                    'pthread'
layer model    'base/|model/|rifec/'                             'cjson'
layer engine   'base/|model/|engine/|rifec/|rifec_kernels\.h'    'omp|oneapi|dnnl|cjson|cu|nv'
layer tool     'base/|model/|tool/|rifec/'                      ''
public='rifec/(frame|error|log)\.h'
layer media/in               "base/|media/(in/)?[a-z0-9_]+\.h|$public"  'lib(av|sw)'
layer media/out              "base/|media/(out/)?[a-z0-9_]+\.h|$public" 'lib(av|sw)'
layer 'media -maxdepth 1'    "base/|media/[a-z0-9_]+\.h|$public"        'lib(av|sw)'
layer golden   'base/|media/|golden/'                            'cjson|libav'
layer pipeline 'base/|media/|golden/|pipeline/|rifec/'           'libav'
layer cli      'base/|golden/|pipeline/|cli/|rifec/|media/versions\.h|tool/tool\.h' 'cjson'

# CUDA is used only in its folders, so that the rest builds on a machine without it.
grep -rnE '#[ ]*include[ ]*<(cu(da|dnn|blas)|nv)' --include='*.[ch]' engine |
    grep -v '^engine/cud\(a\|nn\)/' && failed=1

test $failed = 0 || echo 'These includes cross a layer, see docs/architecture.md.'
exit $failed
