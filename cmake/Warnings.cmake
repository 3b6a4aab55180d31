# Warnings are errors in our own code. Third-party headers come in as SYSTEM and are not judged.
add_library(baton_flags INTERFACE)
target_compile_options(baton_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual
  -Wformat=2 -Wundef -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # base/mutex.h carries the capability attributes that this reads.
  target_compile_options(baton_flags INTERFACE -Wthread-safety)
else()
  # g++ 12 reports these falsely on coroutines and on std::string at -O2 and above (PR 105329, 105651).
  target_compile_options(baton_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized
    -Wno-stringop-overflow -Wno-array-bounds -Wno-stringop-overread -Wno-dangling-pointer)
endif()
if(BATON_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Asio's fences, which the sanitizer does not model; nothing of ours relies on them.
  target_compile_options(baton_flags INTERFACE -Wno-tsan)
endif()
if(BATON_SANITIZE)
  target_compile_options(baton_flags INTERFACE -fsanitize=${BATON_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(baton_flags INTERFACE -fsanitize=${BATON_SANITIZE})
endif()
if(BATON_FUZZ)
  # Coverage in everything of ours; each target in fuzz/ brings the driver.
  target_compile_options(baton_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
