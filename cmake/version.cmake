# Library signet_version: what `signet version` prints. The commit is read at configure time.
execute_process(COMMAND git rev-parse --short=12 HEAD WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
                OUTPUT_VARIABLE SIGNET_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT SIGNET_COMMIT)
  set(SIGNET_COMMIT unknown)
endif()
add_library(signet_version INTERFACE)
target_compile_definitions(signet_version INTERFACE SIGNET_VERSION="${PROJECT_VERSION}"
                                                    SIGNET_COMMIT="${SIGNET_COMMIT}")
