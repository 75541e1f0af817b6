# Signs many requests in one process, for the comparison with botocore in tests/vectors.
add_executable(signing_driver EXCLUDE_FROM_ALL
               ${CMAKE_SOURCE_DIR}/tests/vectors/signing_driver.cpp)
target_link_libraries(signing_driver PRIVATE signet_signing)
add_dependencies(tests signing_driver)
