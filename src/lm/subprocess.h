// Runs a helper program (a package client, a downloader) and waits for it.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace baton::lm {

struct Command {
  std::vector<std::string> argv;                         // argv[0] is looked up in PATH
  std::vector<std::pair<std::string, std::string>> env;  // added to (or replacing in) our own environment
  // Called about four times a second while the program runs; false kills it.
  std::function<bool()> on_tick;
};

struct Finished {
  int exit_code = 0;   // 128 + signal when it was killed
  std::string output;  // the last few kilobytes of stdout and stderr together
};

// No shell is involved. Blocks. kNotFound when the program is not installed, kInternal when it cannot be
// started. The program is killed with everything it started when on_tick says so.
Result<Finished> RunCommand(const Command& command);

}  // namespace baton::lm
