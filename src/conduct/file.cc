#include "conduct/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace baton::conduct {
namespace {

constexpr std::size_t kMost = 64u << 20;
constexpr int kSealVersion = 2;  // 2: gates name a worker and a reach for every slice

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

Error BadFile(const std::string& path, std::string_view kind, std::string_view what) {
  return Fail(Code::kInvalidRequest, fmt::format("{}: {}", path, what), fmt::format("bad_{}", kind));
}

Status WriteSealed(const std::string& path, std::string_view kind, nlohmann::json content) {
  content["format"] = fmt::format("baton-{}", kind);
  content["version"] = kSealVersion;
  content["hash"] = HashOf(content.dump());
  return WriteWhole(path, content.dump() + "\n");
}

Result<nlohmann::json> ReadSealed(const std::string& path, std::string_view kind) {
  using nlohmann::json;
  TRY(const std::string text, ReadWhole(path));
  json in = json::parse(text, nullptr, false);
  if (!in.is_object()) return BadFile(path, kind, fmt::format("no {}, or one that was cut short", kind));
  if (in.value("format", json()) != fmt::format("baton-{}", kind))
    return BadFile(path, kind, "another kind of file");
  if (in.value("version", json()) != kSealVersion)
    return BadFile(path, kind,
                   fmt::format("written by another version; this one reads version {}", kSealVersion));
  const json hash = in.value("hash", json());
  in.erase("hash");
  if (!hash.is_string() || hash.get<std::string>() != HashOf(in.dump()))
    return BadFile(path, kind, "its content has been changed");
  return in;
}

}  // namespace baton::conduct
