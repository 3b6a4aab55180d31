// What a program in the sandbox gets to see of the machine: the folders in which Debian keeps programs and
// libraries, and five devices. /etc, /home, /proc, /sys, /var, /run and everything mounted elsewhere do not
// exist.
#include <linux/filter.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>

#include "verify/sandbox_run.h"

namespace baton::verify {
namespace {

std::string ReadLink(const std::string& path) {
  char buffer[PATH_MAX];
  const ssize_t n = readlink(path.c_str(), buffer, sizeof buffer);
  return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : std::string();
}

std::string FirstProgram(std::initializer_list<const char*> paths) {
  for (const char* path : paths) {
    if (access(path, X_OK) == 0) return path;
  }
  return {};
}

}  // namespace

Jail::Jail() = default;
Jail::~Jail() = default;
Jail::Jail(Jail&&) noexcept = default;
Jail& Jail::operator=(Jail&&) noexcept = default;

Result<Jail> LookAround(unsigned uid, unsigned gid) {
  Jail jail;
  jail.uid = uid;
  jail.gid = gid;
  jail.folders = {"/dev", "/tmp"};
  for (const char* path : {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    struct stat what {};
    if (lstat(path, &what) != 0) continue;
    if (S_ISLNK(what.st_mode)) {
      // On a merged system /bin is usr/bin; a link that leads elsewhere would lead out of the view.
      if (std::string target = ReadLink(path); target.starts_with("usr/") || target.starts_with("/usr/")) {
        jail.links.emplace_back(path, std::move(target));
      }
    } else if (S_ISDIR(what.st_mode)) {
      jail.folders.emplace_back(path);
      jail.binds.emplace_back(path);
    }
  }
  for (const char* path : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}) {
    if (access(path, F_OK) == 0) jail.devices.emplace_back(path);
  }
  jail.shell = FirstProgram({"/bin/sh", "/usr/bin/sh"});
  jail.python = FirstProgram({"/usr/bin/python3", "/usr/local/bin/python3"});
  if (jail.shell.empty())
    return Fail(Code::kUnsupported, "there is no /bin/sh to start programs with", "no_sandbox");
  auto filter = CompileFilter();
  if (!filter) return std::move(filter).error();
  jail.filter = std::move(*filter);
  return jail;
}

}  // namespace baton::verify
