# Library signet_version: what `signet version` prints. The commit is read at configure time, which
# comes again when HEAD has moved.
set(head_log ${CMAKE_SOURCE_DIR}/.git/logs/HEAD)
if(EXISTS ${head_log})
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${head_log})
endif()
execute_process(COMMAND git rev-parse --short=12 HEAD WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
                OUTPUT_VARIABLE SIGNET_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT SIGNET_COMMIT)
  set(SIGNET_COMMIT unknown)
endif()
add_library(signet_version INTERFACE)
target_compile_definitions(signet_version INTERFACE SIGNET_VERSION="${PROJECT_VERSION}"
                                                    SIGNET_COMMIT="${SIGNET_COMMIT}"
                                                    SIGNET_YAML_CPP="${yaml-cpp_VERSION}")
