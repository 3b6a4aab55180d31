// What the process gives up for good before it serves: its memory as a file, and system calls it has no use
// for.
//
// Problem: a bug in a parser, or a tool's program, must not turn into keys read from memory or into a
// foothold. Options: leave it to the deployment (a unit file, a container profile), or give rights up from
// inside. Both: the unit under examples/deploy does what only an outside can (file system, users), and this
// does what the program itself knows, whoever starts it and however. Cost: measured in docs/hardening.md.
#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"

namespace baton::serve {

// No core file, and no other process of the same user may read this one's memory or environment. Call it
// before the first key is read. Tools of root can still look.
void ForbidDumps();

enum class Filter {
  kOff,
  // A list of what may be called: this configuration never starts a program.
  kSealed,
  // A list of what may not be called: tool workers and sandboxed code are programs of their own, which
  // inherit it.
  kOpen,
};
std::string_view FilterName(Filter filter);

// The tightest that this configuration can live with.
Filter FilterFor(const config::Config& config);

// Puts the filter on all threads of the process, for ever; what they start inherits it. kUnsupported where
// the kernel has no seccomp.
Status Install(Filter filter);

}  // namespace baton::serve
