# Half of the time to compile one of our files goes into the same dozen headers. With BATON_PCH they are read
# once per tree: one precompiled header for the libraries, one with GoogleTest for the test programs (which are
# compiled as executables: -fPIE instead of -fPIC makes it another header to g++). Off by default, and off in
# the clang build of `make check`, so that a file which forgets an include is still found.
option(BATON_PCH "precompile the headers that nearly every file includes" OFF)
set(BATON_PCH_HEADERS <algorithm> <atomic> <chrono> <coroutine> <cstdint> <functional> <map> <memory> <mutex> <optional>
  <string> <string_view> <unordered_map> <utility> <variant> <vector> <fmt/format.h> 
  ${CMAKE_SOURCE_DIR}/src/base/result.h ${CMAKE_SOURCE_DIR}/src/base/task.h ${CMAKE_SOURCE_DIR}/src/chat/types.h)

if(BATON_PCH)
  file(WRITE ${CMAKE_BINARY_DIR}/pch/empty.cc.new "namespace {}\n")
  file(WRITE ${CMAKE_BINARY_DIR}/pch/main.cc.new "int main() {}\n")
  foreach(file empty main)
    configure_file(${CMAKE_BINARY_DIR}/pch/${file}.cc.new ${CMAKE_BINARY_DIR}/pch/${file}.cc COPYONLY)
  endforeach()
  add_library(baton_pch OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/pch/empty.cc)
  add_executable(baton_test_pch EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/pch/main.cc)
  foreach(target baton_pch baton_test_pch)
    target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(${target} PRIVATE baton_flags fmt::fmt)
    target_precompile_headers(${target} PRIVATE ${BATON_PCH_HEADERS})
  endforeach()
  target_link_libraries(baton_test_pch PRIVATE GTest::gtest GTest::gmock)
  target_precompile_headers(baton_test_pch PRIVATE <gtest/gtest.h> <gmock/gmock.h>)
endif()

# fmt is linked too: a precompiled header is only valid under the macros it was made with, FMT_SHARED among them.
function(baton_precompiled target owner)
  if(BATON_PCH)
    target_link_libraries(${target} PRIVATE fmt::fmt)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()
