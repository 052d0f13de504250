# Adds the parts of a Debian package that an installation does not have: compressed manual
# pages, a changelog and a copyright. cpack runs this when the files of both packages are
# in place.
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
foreach(component program library development)
    string(TOUPPER ${component} upper)
    set(name ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
    set(share ${CPACK_TEMPORARY_DIRECTORY}/${component}${CPACK_PACKAGING_INSTALL_PREFIX}/share)
    file(WRITE ${share}/doc/${name}/changelog
"rifec (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * CHANGELOG.md of the package rifec has the changes.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
    configure_file(${CPACK_RIFEC_SOURCE}/LICENSE ${share}/doc/${name}/copyright COPYONLY)
    if(component STREQUAL "library")
        # CPack writes maintainer scripts that call ldconfig, in addition to our trigger.
        file(WRITE ${share}/lintian/overrides/${name} "${name}: maintscript-calls-ldconfig\n")
    endif()
    # The modes do not depend on the umask and on how the sources were unpacked.
    file(CHMOD_RECURSE ${share}
         FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ
         DIRECTORY_PERMISSIONS ${CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS})
    file(GLOB to_compress ${share}/man/man1/*.1 ${share}/doc/${name}/changelog)
    execute_process(COMMAND gzip -9n ${to_compress} RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "gzip failed on ${to_compress}")
    endif()
endforeach()
