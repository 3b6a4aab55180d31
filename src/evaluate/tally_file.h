// Finished parts of an evaluation, kept on disk so that one that was cut short goes on where it ended. A file
// of records; a damaged tail (killed while writing) is cut off, a file of another study is begun anew.
#pragma once

#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "evaluate/tally.h"

namespace baton::evaluate {

// Thread safe. Not opened: holds nothing and keeps nothing.
class TallyFile {
 public:
  Status Open(const std::string& path, const std::string& fingerprint);
  bool Find(const std::string& key, Tally& tally) const;
  void Add(const std::string& key, const Tally& tally);
  // The first error of writing since Open.
  Status Check() const;

 private:
  mutable std::mutex mutex_;
  std::string path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> out_{nullptr, &std::fclose};
  std::map<std::string, Tally> found_;
  bool failed_ = false;
};

// A tally as bytes and back; false for bytes that are none. Exposed for tests.
std::string PackTally(const Tally& tally);
bool UnpackTally(std::string_view bytes, Tally& tally);

}  // namespace baton::evaluate
