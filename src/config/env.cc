// The outside world as the configuration sees it.

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "config/config.h"

namespace baton::config {
namespace {

constexpr off_t kMaxFile = 8 * 1024 * 1024;

Error CannotRead(const std::string& path, int error) {
  Code code = error == ENOENT ? Code::kNotFound : error == EACCES ? Code::kPermissionDenied : Code::kInternal;
  return Fail(code,
              fmt::format("{}: {}", path, error == ENOENT ? "there is no such file" : std::strerror(error)),
              "cannot_read_file");
}

Result<std::string> ReadFile(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return CannotRead(path, errno);
  if (S_ISDIR(info.st_mode))
    return Fail(Code::kInvalidRequest, fmt::format("{}: this is a directory, not a file", path),
                "not_a_file");
  if (!S_ISREG(info.st_mode))
    return Fail(Code::kInvalidRequest, fmt::format("{}: this is no regular file", path), "not_a_file");
  if (info.st_size > kMaxFile)
    return Fail(Code::kTooLarge,
                fmt::format("{}: the file has {} bytes; {} are allowed", path, info.st_size, kMaxFile),
                "file_too_large");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf() || info.st_size == 0)) return CannotRead(path, errno != 0 ? errno : EIO);
  return std::move(text).str();
}

}  // namespace

Env ProcessEnv() {
  Env env;
  env.get = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  env.read_file = ReadFile;
  env.readable_by_others = [](const std::string& path) {
    struct stat info;
    return ::stat(path.c_str(), &info) == 0 && (info.st_mode & S_IROTH) != 0;
  };
  return env;
}

}  // namespace baton::config
