# The libraries that other programs link: librifec.so and librifec.a, made of the objects
# of librifec. Included by src/CMakeLists.txt.
get_target_property(libraries librifec LINK_LIBRARIES)

# --- the object -------------------------------------------------------------------
# An archive has no visibility of its own, so its objects become one, in which the hidden
# symbols are made local. Groups are dissolved first, since C++ objects (the kernels)
# have their inline functions in them.
# That is GNU ld's work: with clang, CMAKE_LINKER may be lld, which cannot do it.
find_program(RIFEC_LD NAMES ld.bfd ld DOC "GNU ld, which makes one object of librifec" REQUIRED)
set(object ${CMAKE_CURRENT_BINARY_DIR}/rifec.o)
add_custom_command(OUTPUT ${object} DEPENDS librifec VERBATIM
    COMMENT "Making one object of librifec, with the symbols of the public headers alone"
    COMMAND ${RIFEC_LD} -r --force-group-allocation -o ${object}
            --whole-archive $<TARGET_FILE:librifec>
    COMMAND ${CMAKE_OBJCOPY} --localize-hidden ${object})
add_custom_target(rifec_object DEPENDS ${object})
set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)

# --- static -----------------------------------------------------------------------
set(static_library ${CMAKE_CURRENT_BINARY_DIR}/librifec.a)
add_custom_command(OUTPUT ${static_library} DEPENDS rifec_object ${object} VERBATIM
    COMMAND ${CMAKE_COMMAND} -E rm -f ${static_library}
    COMMAND ${CMAKE_AR} qcs ${static_library} ${object})
add_custom_target(rifec_static ALL DEPENDS ${static_library})

# --- shared -----------------------------------------------------------------------
add_library(rifec_shared SHARED ${object})
add_dependencies(rifec_shared rifec_object)
set_target_properties(rifec_shared PROPERTIES
    OUTPUT_NAME rifec VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
    LINKER_LANGUAGE C EXPORT_NAME rifec)
target_include_directories(rifec_shared
    INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(rifec_shared PRIVATE ${libraries})
# The symbols of archives that are linked in (CUDA's runtime) stay hidden.
target_link_options(rifec_shared PRIVATE -Wl,--exclude-libs,ALL)
if(NOT RIFEC_SANITIZE)
    target_link_options(rifec_shared PRIVATE -Wl,-z,defs)
endif()
