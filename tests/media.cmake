# Tests of src/pipeline and src/media that need no network. Included by CMakeLists.txt.
if(FFMPEG_FOUND)
    rifec_add_test(timeline LABELS unit SOURCES unit/timeline.c LIBS rifec_pipeline)
    rifec_add_test(checks LABELS unit SOURCES unit/checks.c LIBS rifec_pipeline)
    rifec_add_test(metrics LABELS unit SOURCES unit/metrics.c LIBS rifec_media)
    rifec_add_test(golden LABELS unit golden SOURCES unit/golden.c LIBS rifec_golden)
    rifec_add_test(scene LABELS unit SOURCES unit/scene.c LIBS rifec_pipeline)
    rifec_add_test(envelope LABELS unit SOURCES media/envelope.c LIBS rifec_media m)
    rifec_add_test(joins LABELS unit SOURCES media/joins.c LIBS rifec_media)
    rifec_add_test(segment LABELS unit SOURCES unit/segment.c LIBS rifec_pipeline)
    rifec_add_test(resume LABELS unit SOURCES unit/resume.c LIBS rifec_pipeline)
    # Tests each stage alone, between fake neighbours.
    foreach(stage source inbetween outbox sink holdback)
        rifec_add_test(${stage} LABELS unit SOURCES pipeline/${stage}.c LIBS rifec_pipeline)
    endforeach()
    rifec_add_test(pipeline LABELS media
        SOURCES media/pipeline.c media/copy_engine.c LIBS rifec_pipeline
        ARGS ${CMAKE_CURRENT_SOURCE_DIR}/data/lotus.mp4 ${CMAKE_CURRENT_BINARY_DIR})
    rifec_add_test(ffv1 LABELS media SOURCES media/ffv1.c LIBS rifec_media)
    rifec_add_test(resuming LABELS media
        SOURCES media/resuming.c media/copy_engine.c LIBS rifec_pipeline
        ARGS ${CMAKE_CURRENT_SOURCE_DIR}/data/lotus.mp4)

    # The same with a GPU made of memory; FFmpeg finds its libraries first.
    set(fake ${CMAKE_CURRENT_BINARY_DIR}/fake_cuda)
    foreach(library cuda nvcuvid)
        add_library(fake_${library} SHARED media/fake_cuda.c)
        set_target_properties(fake_${library} PROPERTIES OUTPUT_NAME ${library}
            VERSION 1 SOVERSION 1 LIBRARY_OUTPUT_DIRECTORY ${fake})
    endforeach()
    target_compile_definitions(fake_cuda PRIVATE FAKE_LIBCUDA)
    rifec_add_test(hwaccel LABELS media
        SOURCES media/hwaccel.c media/copy_engine.c LIBS rifec_pipeline
        ARGS ${CMAKE_CURRENT_SOURCE_DIR}/data/lotus.mp4 ${CMAKE_CURRENT_BINARY_DIR})
    add_dependencies(test_hwaccel fake_cuda fake_nvcuvid)
    set_property(TEST hwaccel PROPERTY ENVIRONMENT LD_LIBRARY_PATH=${fake})

    rifec_add_engine_test(zscale LABELS media
        SOURCES media/zscale.c checkop.c LIBS rifec_media
        ARGS ${CMAKE_CURRENT_BINARY_DIR})
endif()
