#include "audit/head.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace baton::audit {
namespace {

constexpr std::size_t kBytes = 512;  // one sector; a checkpoint takes some 400 bytes

Error Cannot(std::string_view doing, const std::string& path) {
  return Fail(Code::kUnavailable, fmt::format("cannot {} {}: {}", doing, path, std::strerror(errno)),
              errno == ENOSPC ? "disk_full" : "store_io");
}

}  // namespace

Result<std::unique_ptr<HeadFile>> HeadFile::Open(const std::string& path) {
  int fd = -1;
  if (!path.empty()) {
    fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) return Cannot("open", path);
  }
  return std::unique_ptr<HeadFile>(new HeadFile(fd));
}

HeadFile::~HeadFile() {
  if (fd_ >= 0) ::close(fd_);
}

Status HeadFile::Write(const Checkpoint& checkpoint) {
  if (fd_ < 0) return {};
  std::string line = ToJson(checkpoint);
  line.resize(kBytes - 1, ' ');
  line += '\n';
  if (::pwrite(fd_, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size()))
    return Cannot("write", "the audit head file");
  return {};
}

Result<std::optional<Checkpoint>> ReadHead(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) return std::optional<Checkpoint>();
    return Cannot("open", path);
  }
  char bytes[kBytes];
  const ssize_t n = ::read(fd, bytes, sizeof(bytes));
  ::close(fd);
  if (n < 0) return Cannot("read", path);
  if (n == 0) return std::optional<Checkpoint>();
  auto head = ParseCheckpoint({bytes, static_cast<std::size_t>(n)});
  if (!head)
    return Fail(Code::kConflict, fmt::format("{} is damaged: {}", path, head.error().message),
                "audit_head_damaged");
  return std::optional<Checkpoint>(*head);
}

}  // namespace baton::audit
