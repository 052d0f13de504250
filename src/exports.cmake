# What other programs link: librifec.so and librifec.a, made of the objects of librifec.
# Included by src/CMakeLists.txt.
get_target_property(libraries librifec LINK_LIBRARIES)

# --- shared ---------------------------------------------------------------------
# While the major version is 0, each minor version may change the interface.
add_library(rifec_shared SHARED $<TARGET_OBJECTS:librifec>)
set_target_properties(rifec_shared PROPERTIES
    OUTPUT_NAME rifec VERSION ${PROJECT_VERSION} LINKER_LANGUAGE C EXPORT_NAME rifec
    SOVERSION ${PROJECT_VERSION_MAJOR})
target_include_directories(rifec_shared INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(rifec_shared PRIVATE ${libraries})
# The symbols of static libraries that are linked in (CUDA's runtime) stay inside.
target_link_options(rifec_shared PRIVATE -Wl,--exclude-libs,ALL)

# --- static ---------------------------------------------------------------------
# An archive has no visibility of its own: its objects become one, in which the hidden
# symbols are made local. Groups are dissolved first, since C++ objects (the kernels)
# have their inline functions in them.
set(static_library ${CMAKE_CURRENT_BINARY_DIR}/librifec.a)
add_custom_command(OUTPUT ${static_library} DEPENDS librifec VERBATIM
    COMMENT "Making librifec.a, with the symbols of the public headers alone"
    COMMAND ${CMAKE_LINKER} -r --force-group-allocation -o rifec.o
            --whole-archive $<TARGET_FILE:librifec>
    COMMAND ${CMAKE_OBJCOPY} --localize-hidden rifec.o
    COMMAND ${CMAKE_COMMAND} -E rm -f ${static_library}
    COMMAND ${CMAKE_AR} qcs ${static_library} rifec.o
    COMMAND ${CMAKE_COMMAND} -E rm -f rifec.o)
add_custom_target(rifec_static ALL DEPENDS ${static_library})
