# Judges many tokens in one process, for the comparison with joserfc in tests/vectors.
add_executable(jws_driver EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/vectors/jws_driver.cpp)
target_link_libraries(jws_driver PRIVATE signet_identity)
add_dependencies(tests jws_driver)
