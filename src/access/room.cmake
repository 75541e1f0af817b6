# The endpoint table is written from the csv at build time; a row it cannot hold ends the build.
set(endpoint_table ${CMAKE_BINARY_DIR}/generated/access/endpoint_table.cpp)
add_custom_command(
  OUTPUT ${endpoint_table}
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/src/access/make_endpoint_table.py
          ${CMAKE_SOURCE_DIR}/src/access/mlflow-endpoints.csv ${endpoint_table}
  DEPENDS ${CMAKE_SOURCE_DIR}/src/access/make_endpoint_table.py
          ${CMAKE_SOURCE_DIR}/src/access/mlflow-endpoints.csv
  COMMENT "Writing the endpoint table")
target_sources(signet_access PRIVATE ${endpoint_table})
