#include "verify/sandbox_usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace baton::verify {
namespace {

constexpr std::size_t kMaxProcesses = 512;

// Files of /proc that are a line; a longer one is cut.
std::string_view ReadShort(const std::string& path, char* buffer, std::size_t size) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t n = read(fd, buffer, size);
  close(fd);
  return n > 0 ? std::string_view(buffer, static_cast<std::size_t>(n)) : std::string_view();
}

std::vector<std::int64_t> Numbers(std::string_view line) {
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < line.size();) {
    std::int64_t n = 0;
    auto [end, bad] = std::from_chars(line.data() + i, line.data() + line.size(), n);
    if (bad == std::errc()) numbers.push_back(n);
    i = static_cast<std::size_t>(end - line.data()) + 1;
  }
  return numbers;
}

void AddChildren(pid_t pid, std::vector<pid_t>* all) {
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(tasks.c_str()), &closedir);
  if (folder == nullptr) return;
  char buffer[4096];
  // readdir: of a stream only this function knows.
  while (const dirent* entry = readdir(folder.get())) {
    if (entry->d_name[0] == '.') continue;
    for (std::int64_t child :
         Numbers(ReadShort(tasks + "/" + entry->d_name + "/children", buffer, sizeof buffer))) {
      if (all->size() < kMaxProcesses) all->push_back(static_cast<pid_t>(child));
    }
  }
}

}  // namespace

std::int64_t ResidentBytes(pid_t root) {
  static const std::int64_t kPage = sysconf(_SC_PAGESIZE);
  std::vector<pid_t> all = {root};
  std::int64_t pages = 0;
  char buffer[256];
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto fields =
        Numbers(ReadShort("/proc/" + std::to_string(all[i]) + "/statm", buffer, sizeof buffer));
    if (fields.size() > 1) pages += fields[1];
    AddChildren(all[i], &all);
  }
  return pages * kPage;
}

}  // namespace baton::verify
