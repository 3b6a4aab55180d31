// BATON_CLONES before a function: compiled also for newer processors, chosen at load time.
#pragma once

// Sanitizers and clang's fuzzers do without: their runtimes start after the choice would be made.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define BATON_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define BATON_CLONES
#endif
