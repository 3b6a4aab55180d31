// The head file: the newest checkpoint, beside the store, so that rows missing at the chain's end are
// noticed.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "audit/checkpoint.h"
#include "base/result.h"

namespace baton::audit {

inline std::string HeadPath(const std::string& store) {
  return store + ".audit.head";
}
inline std::string KeyPath(const std::string& store) {
  return store + ".audit.key";
}

// Keeps the file open. One thread at a time.
class HeadFile {
 public:
  // Creates the file where there is none. Empty path: nothing is kept.
  static Result<std::unique_ptr<HeadFile>> Open(const std::string& path);
  ~HeadFile();
  HeadFile(const HeadFile&) = delete;
  HeadFile& operator=(const HeadFile&) = delete;
  // In place, one write of one page, no flush: whole for whoever reads it, also after a killed process.
  Status Write(const Checkpoint& checkpoint);

 private:
  explicit HeadFile(int fd) : fd_(fd) {}
  int fd_;
};

// Nothing: there is no such file, or it was created and never written. An error: it is damaged or unreadable.
Result<std::optional<Checkpoint>> ReadHead(const std::string& path);

}  // namespace baton::audit
