# Weights in the hands of the programs they come from and go to: PyTorch and ncnn, by
# their Python packages; skipped without. Included by tests/CMakeLists.txt.

# rifec_python(NAME SCRIPT ARGUMENT...)
function(rifec_python name script)
    rifec_add_script(${name} LABELS model TIMEOUT 300
        COMMAND sh -c "command -v python3 >/dev/null || exit 77; exec python3 \"$@\"" sh
                ${CMAKE_CURRENT_SOURCE_DIR}/weights/${script}.py ${ARGN})
endfunction()

rifec_python(weights/torch torch_files ${PROJECT_BINARY_DIR}/rifec-weights)
set(program "")
if(TARGET rifec)
    set(program $<TARGET_FILE:rifec>)
endif()
rifec_python(weights/ncnn ncnn_frames ${PROJECT_BINARY_DIR}/rifec-weights ${golden} ${program})
