# Judges many tokens in one process, for the comparison with joserfc in tests/vectors.
add_executable(jws_driver EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/vectors/jws_driver.cpp)
target_link_libraries(jws_driver PRIVATE signet_identity)
add_dependencies(tests jws_driver)

# Judge many proofs of AWS roles, and many tokens of a load balancer, in one process.
add_executable(aws_proof_driver EXCLUDE_FROM_ALL
               ${CMAKE_SOURCE_DIR}/tests/vectors/aws_proof_driver.cpp)
target_link_libraries(aws_proof_driver PRIVATE signet_identity signet_origin)
add_executable(load_balancer_driver EXCLUDE_FROM_ALL
               ${CMAKE_SOURCE_DIR}/tests/vectors/load_balancer_driver.cpp)
target_link_libraries(load_balancer_driver PRIVATE signet_identity)
add_dependencies(tests aws_proof_driver load_balancer_driver)
