# The rifec program: src/media, src/pipeline, src/cli. Included by src/CMakeLists.txt.
