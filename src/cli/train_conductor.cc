// `baton train conductor`: another program, so that a server does not carry LibTorch about. It lies beside
// this one where it was built.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/commands.h"

namespace baton::cli {

int TrainConductor(const std::vector<std::string>& arguments) {
  std::error_code ec;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", ec);
  const std::string program = (own.parent_path() / "baton-train").string();
  if (ec || ::access(program.c_str(), X_OK) != 0) {
    fmt::print(
        stderr,
        "baton: training a conductor needs baton-train, which is not at {}. It is built where LibTorch and "
        "oneDNN are:\n  tools/setup test && tools/build release baton-train\n(on Debian they are the "
        "packages libtorch-dev, libdnnl-dev and libopenblas0-pthread)\n",
        program);
    return 1;
  }
  std::vector<std::string> all = {program, "conductor"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& a : all) argv.push_back(a.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  fmt::print(stderr, "baton: {} cannot be started: {}\n", program, std::strerror(errno));
  return 1;
}

}  // namespace baton::cli
