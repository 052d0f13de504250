# Tests of src/pipeline and src/media that need no network. Included by CMakeLists.txt.
if(FFMPEG_FOUND)
    rifec_add_test(timeline LABELS unit SOURCES unit/timeline.c LIBS rifec_pipeline)
    rifec_add_test(scene LABELS unit SOURCES unit/scene.c LIBS rifec_pipeline)
    rifec_add_test(pipeline LABELS media
        SOURCES media/pipeline.c media/copy_engine.c LIBS rifec_pipeline
        ARGS ${CMAKE_CURRENT_SOURCE_DIR}/data/lotus.mp4 ${CMAKE_CURRENT_BINARY_DIR})
    rifec_add_engine_test(zscale LABELS media
        SOURCES media/zscale.c checkop.c LIBS rifec_media
        ARGS ${CMAKE_CURRENT_BINARY_DIR})
endif()
