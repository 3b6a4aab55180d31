// The set-up that proxy_bench and soak share: a temporary folder, a fast mock upstream, a Baton in front of
// it.
#pragma once

#include <memory>
#include <string>

#include "bench/process.h"

namespace baton::bench {

constexpr int kProxyCpu = 0, kOtherCpu = 1;

// Removes itself with everything in it.
class ScratchFolder {
 public:
  static Result<std::unique_ptr<ScratchFolder>> Make();
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  ~ScratchFolder();
  const std::string& path() const { return path_; }
  std::string Write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

struct Servers {
  std::unique_ptr<ScratchFolder> folder;  // first, so that it goes last
  std::uint16_t upstream_port, baton_port;
  Process upstream, baton;
};

// The mock on the second core, Baton with one thread on the first; both answer when this returns.
Result<std::unique_ptr<Servers>> StartServers(const std::string& baton);
// Keeps the calling thread on the second core, away from what is measured.
void StayOffProxyCore();

}  // namespace baton::bench
