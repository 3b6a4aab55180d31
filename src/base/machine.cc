#include "base/machine.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <fstream>
#include <thread>

namespace baton {

std::string Machine() {
  utsname system{};
  uname(&system);
  std::ifstream info("/proc/cpuinfo");
  std::string line, model = system.machine;
  while (std::getline(info, line)) {
    if (!line.starts_with("model name")) continue;
    model = line.substr(std::min(line.size(), line.find(':') + 2));
    break;
  }
  return fmt::format("{}, {} cores, {} {}", model, std::thread::hardware_concurrency(), system.sysname,
                     system.release);
}

}  // namespace baton
