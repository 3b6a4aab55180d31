#include "conduct/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

namespace baton::conduct {
namespace {

constexpr std::size_t kMost = 64u << 20;

Error CannotWrite(const std::string& path) {
  return Fail(Code::kInternal, fmt::format("{}: {}", path, std::strerror(errno)), "cannot_write");
}

bool WriteAll(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Status WriteWhole(const std::string& path, std::string_view content) {
  const std::string aside = fmt::format("{}.{}.new", path, ::getpid());
  const int fd = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return CannotWrite(aside);
  const bool written = WriteAll(fd, content) && ::fsync(fd) == 0;
  const int why = errno;
  ::close(fd);
  if (written && std::rename(aside.c_str(), path.c_str()) == 0) return {};
  if (!written) errno = why;
  Error error = CannotWrite(path);
  ::unlink(aside.c_str());
  return error;
}

Result<std::string> ReadWhole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Fail(Code::kNotFound, fmt::format("{}: {}", path, std::strerror(errno)), "no_file");
  std::string out{std::istreambuf_iterator<char>(in), {}};
  if (out.size() > kMost)
    return Fail(Code::kTooLarge, fmt::format("{} is larger than {} MB", path, kMost >> 20), "too_large");
  return out;
}

std::string HashOf(std::string_view content) {
  std::uint64_t h = 1469598103934665603ULL;
  for (const unsigned char c : content) h = (h ^ c) * 1099511628211ULL;
  return fmt::format("{:016x}", h);
}

}  // namespace baton::conduct
