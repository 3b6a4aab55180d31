// What a process and everything that descends from it holds in memory, read from /proc. Internal to the
// sandbox.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace baton::verify {

// Resident bytes of `root` and its descendants, of at most 512 of them; 0 when it is gone. Orphans count: in
// a PID namespace they become children of its first process.
std::int64_t ResidentBytes(pid_t root);

}  // namespace baton::verify
