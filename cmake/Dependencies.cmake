# Every third-party library, once. Versions, licences and purposes: docs/dependencies.md.
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(simdjson REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)

find_path(ASIO_INCLUDE asio.hpp REQUIRED)
add_library(asio INTERFACE)
target_include_directories(asio SYSTEM INTERFACE ${ASIO_INCLUDE})
target_compile_definitions(asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED)
target_link_libraries(asio INTERFACE Threads::Threads)

find_path(HYPERSCAN_INCLUDE hs/hs.h REQUIRED)
find_library(HYPERSCAN_LIBRARY hs REQUIRED)
add_library(hyperscan INTERFACE)
target_include_directories(hyperscan SYSTEM INTERFACE ${HYPERSCAN_INCLUDE})
target_link_libraries(hyperscan INTERFACE ${HYPERSCAN_LIBRARY})

# Built from pinned source packages by tools/setup, which writes this file with the paths of the builds.
include(${BATON_DEPS}/deps.cmake)
