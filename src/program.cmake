# The rifec program: src/media, src/pipeline, src/cli. Included by src/CMakeLists.txt.

add_library(rifec_media STATIC
    media/av.c media/color.c media/convert.c media/digest.c media/filters.c media/frame.c
    media/framehash.c media/hush.c media/hwaccel.c media/lists.c media/lookahead.c media/metrics.c
    media/picture_gaps.c media/pictures.c media/pipe.c media/probe.c media/still.c media/threads.c
    media/in/confine.c
    media/in/decode.c media/in/decoder_fallback.c
    media/in/deinterlace.c
    media/in/demux.c media/in/joins.c media/in/videos.c
    media/in/film.c
    media/in/truncation.c media/in/truncation_marks.c
    media/out/album.c
    media/out/container.c media/out/trial.c
    media/out/encode.c
    media/out/encoder_choice.c media/out/encoder_table.c
    media/out/ffv1.c
    media/out/forms.c
    media/out/hdr.c
    media/out/lossless.c
    media/out/mux.c
    media/out/palette.c
    media/out/plays.c
    media/out/segment.c
    media/out/slowsound.c media/out/soundchain.c media/out/stretch.c media/out/envelope.c
    media/out/streams.c media/out/stream_loss.c media/out/stream_map.c
    media/out/subtitles.c
    media/out/tags.c
    media/out/target.c
    media/out/videofile.c)
target_include_directories(rifec_media PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(rifec_media PUBLIC librifec PkgConfig::FFMPEG)

# --- libavfilter: --deinterlace, --slowmo-audio -----------------------------------------------
set(have_avfilter 0)
if(NOT RIFEC_AVFILTER STREQUAL "OFF")
    pkg_check_modules(AVFILTER IMPORTED_TARGET libavfilter>=7.110)
    if(AVFILTER_FOUND)
        set(have_avfilter 1)
        target_link_libraries(rifec_media PUBLIC PkgConfig::AVFILTER)
    elseif(RIFEC_AVFILTER STREQUAL "ON")
        message(FATAL_ERROR
                "RIFEC_AVFILTER=ON, but it was not found (Debian: libavfilter-dev)")
    endif()
endif()
if(have_avfilter)
    message(STATUS "Filters: libavfilter ${AVFILTER_VERSION}, for --deinterlace, --slowmo-audio and the colours of GIFs")
else()
    message(STATUS "Filters: no libavfilter (not found or off): no --deinterlace, no --slowmo-audio, fixed colours of GIFs")
endif()
target_compile_definitions(rifec_media PUBLIC RIFEC_HAVE_AVFILTER=${have_avfilter})

# --- golden frames: --golden and its reports ------------------------------------------------
add_library(rifec_golden STATIC
    golden/golden.c
    golden/manifest.c
    golden/markup.c
    golden/report.c golden/report_html.c
    golden/tolerance.c)
target_include_directories(rifec_golden PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(rifec_golden PUBLIC rifec_media PRIVATE PkgConfig::CJSON m)

add_library(rifec_pipeline STATIC
    pipeline/beside.c
    pipeline/checks.c
    pipeline/compare.c
    pipeline/clash.c
    pipeline/holdback.c
    pipeline/inbetween.c
    pipeline/input_sum.c
    pipeline/job.c
    pipeline/naming.c
    pipeline/outbox.c
    pipeline/pipeline.c
    pipeline/progress.c
    pipeline/report.c
    pipeline/resume.c pipeline/resume_finished.c pipeline/resume_folder.c
    pipeline/resume_settings.c pipeline/resume_state.c
    pipeline/rising.c
    pipeline/scene.c
    pipeline/sink.c
    pipeline/source.c
    pipeline/timeline.c
    pipeline/watch.c)
target_include_directories(rifec_pipeline PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(rifec_pipeline PUBLIC rifec_golden)

add_executable(rifec)
include(cli.cmake)
target_link_libraries(rifec PRIVATE rifec_pipeline PkgConfig::CJSON m)
set_target_properties(rifec PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
