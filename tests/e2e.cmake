# The program as a user sees it: shell scripts that run build/rifec, one test for each
# case. They need the commands ffmpeg and python3; without these they are skipped.

# rifec_script(LABEL SCRIPT CASE...): adds the tests LABEL/SCRIPT/CASE.
function(rifec_script label script)
    foreach(case IN LISTS ARGN)
        rifec_script_with(${label} ${script} ${case})
    endforeach()
endfunction()

# rifec_script_with(LABEL SCRIPT CASE ARGUMENT...): adds one test, of one case.
function(rifec_script_with label script)
    list(JOIN ARGN "-" case)
    rifec_add_script(${label}/${script}/${case} LABELS ${label} TIMEOUT 300
        COMMAND ${CMAKE_COMMAND} -E env RIFEC=$<TARGET_FILE:rifec>
                sh ${CMAKE_CURRENT_SOURCE_DIR}/${label}/${script}.sh ${ARGN})
endfunction()

if(TARGET rifec)
    rifec_script(e2e factor 2 3 4 8 5/2)
    rifec_script(e2e film --fp32)
    rifec_script(e2e streams mp4 mkv left-out cannot-hold cover offset programs backwards phone
                             late-clock apart joined longer second-video ends edited unplayed negative
                             which-video timeless)
    rifec_script(e2e captions held bob)
    rifec_script(e2e holds untold mxf bluray experimental unreadable both announced late
                           first-packet strict)
    rifec_script(e2e subtitles mp4 mkv webm bitmap unreadable part film)
    rifec_script(e2e tags file phone chapters part unsorted slow timecode turned exif shape)
    rifec_script(e2e colour tags unsaid override sited)
    rifec_script(e2e hdr params nowhere dolby plus film)
    foreach(encoder libx264 libx265 libsvtav1 libvpx-vp9 libaom-av1)
        foreach(case static hlg)
            rifec_script_with(e2e hdr ${case} ${encoder})
        endforeach()
    endforeach()
    rifec_script(e2e fields refused bwdif yadif bob off unmarked auto later film)
    rifec_script(e2e formats yuv420p yuv422p yuv444p yuvj420p nv12 gray rgb24 gbrp
                             yuv420p10le yuv422p10le yuv444p10le gray10le gbrp10le)
    rifec_script(e2e alpha yuva420p yuva422p10le yuva444p12le yuva444p16le rgba argb bgra
                           rgba64le gbrap gbrap12le ya8)
    rifec_script(e2e transparency opaque palette prores vp9 lost)
    rifec_script(e2e sizes 2x2 2x3 3x2 3x5 13x11 17x31 33x65 161x121 2x211 211x2 16384x2 refused
                           tile)
    rifec_script(e2e vfr gaps back bare ticks)
    rifec_script(e2e rate fps cfr slowmo tail part ends slow-sound slow-beat)
    rifec_script(e2e scenes found off list split blend smooth)
    rifec_script(e2e report late wrong stats stats-stdout stats-failed progress given first schema end
                            nowhere quiet null half help devices doctor)
    rifec_script(e2e lossless originals)
    rifec_script(e2e cache kept ways)
    rifec_script(e2e weights info convert network range full frames usage)
    rifec_script(e2e hwaccel fallback silent device)
    rifec_script(e2e names odd terminal)
    rifec_script(e2e encoder options drops libx264 libx264rgb libx265 libsvtav1 libaom-av1 libvpx-vp9
                             libvpx lossless prores theora containers odd plays hardware)
    rifec_script(e2e pipes y4m range rate raw containers untouched gone cut idle fifo)
    rifec_script(e2e batch names refused failure skip taken workers null interrupted)
    rifec_script(e2e pictures png kinds order mixed bad there undone full-disk moving
                              gaps few gif-rate gif-palette)
    rifec_script(e2e reference x2 x5-2 scale)

    rifec_script(e2e resume stopped killed libx265 libsvtav1 libvpx-vp9 settings damaged state
                            edited twice refused)
    rifec_script(e2e golden missing same deterministic different tolerance hashes frames model
                            update damaged escape several framemd5 refused)
    rifec_script(e2e compare equal figures bounds step other beside usage)
    rifec_script(e2e examples folder night ci)
    foreach(case golden truth matrix)
        rifec_add_script(e2e/clips/${case} LABELS e2e TIMEOUT 300
            COMMAND ${CMAKE_COMMAND} -E env RIFEC=$<TARGET_FILE:rifec>
                    sh ${CMAKE_CURRENT_SOURCE_DIR}/e2e/clips.sh ${case} $<TARGET_FILE:golden_clips>)
    endforeach()
    get_property(all DIRECTORY PROPERTY TESTS)
    list(FILTER all INCLUDE REGEX "^e2e/(golden|compare|clips|examples)/")
    set_property(TEST ${all} APPEND PROPERTY LABELS golden)
    rifec_script(e2e manual man bash zsh fish)
    rifec_script(e2e library between)
    set_property(TEST e2e/library/between PROPERTY ENVIRONMENT BETWEEN=$<TARGET_FILE:between>)
    # Nothing that is installed contains sanitizers, and they need more address space than
    # any limit leaves.
    if(NOT RIFEC_SANITIZE)
        add_library(record SHARED fail/record.c)
        target_link_libraries(record PRIVATE ${CMAKE_DL_LIBS})
        set(cases film pictures stats weights resume old errors)
        rifec_script(fail order ${cases})
        foreach(case IN LISTS cases)
            set_property(TEST fail/order/${case} APPEND PROPERTY
                         ENVIRONMENT RECORD_LIBRARY=$<TARGET_FILE:record>)
        endforeach()
        rifec_script(e2e sizes short)
        rifec_script(e2e install files deb moved)
        rifec_script(e2e library page)
        set_property(TEST e2e/library/page PROPERTY ENVIRONMENT BUILD=${PROJECT_BINARY_DIR})
        set_property(TEST e2e/install/files e2e/install/deb e2e/install/moved
                     PROPERTY ENVIRONMENT BUILD=${PROJECT_BINARY_DIR})
    endif()
    rifec_script(gpu nvdec doctor h264 hevc hevc10 hevc12 vp9 av1 part pipeline encoder cut)

    rifec_script(fail input missing empty directory text opens-others encrypted audio-only cover-art no-frames one-frame
                            truncated-mp4 truncated-mkv damaged size-change range absurd)
    rifec_script(fail output two-writers appears-meanwhile starts stats part-is-link mode long-name descriptor)
    rifec_script(fail damage bare bare-av1 cut no-alarm sound-packet sound-slowed limited)
    rifec_script(fail output part-is-input part-is-there exists exists-n replaced is-input is-folder no-folder read-only
                             full-limit full-disk link no-container)
    rifec_script(fail weights missing folder truncated header shape nan)
    rifec_script(fail usage flag habit key codec device argument contradiction)
    rifec_script(fail signal once both twice term sound hangup loop ignored)

    # Faults injected by LD_PRELOAD do not reach the sanitizers' own allocators.
    if(NOT RIFEC_SANITIZE)
        add_library(inject MODULE fail/inject.c)
        set_target_properties(inject PROPERTIES C_EXTENSIONS ON PREFIX "")
        target_link_libraries(inject PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
        foreach(case limit alloc files thread batch alloc-all pictures-all slowed-all
                     files-all thread-all resumed-all golden-all golden-made-all batch-all)
            rifec_script(fail inject ${case})
            set_property(TEST fail/inject/${case} PROPERTY ENVIRONMENT
                INJECT_SO=$<TARGET_FILE:inject> COPYING=$<TARGET_FILE:rifec_copying>)
            if(case MATCHES "-all$")
                set_property(TEST fail/inject/${case} APPEND PROPERTY LABELS long)
            endif()
        endforeach()
    endif()

    # A few tests that touch every part, for the slower builds.
    set_property(TEST queue e2e/factor/3 e2e/streams/mkv e2e/formats/yuv420p10le
                      e2e/report/stats fail/input/truncated-mkv fail/signal/once
                 APPEND PROPERTY LABELS smoke)
endif()
