// The last requests and what was answered, for tests to look at. Bounded in number and bytes.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "net/server.h"

namespace baton::mock {

struct Entry {
  std::uint64_t number = 0;
  std::string method, target, body;
  net::HeaderList headers;
  int status = 0;
  std::string reply;  // the bytes meant to be sent (a cut reply shows the whole)
  bool running = true, aborted = false;
};

class Journal {
 public:
  Journal(std::size_t entries, std::size_t body_bytes) : entries_(entries), body_bytes_(body_bytes) {}
  // Copies the request (body up to the limit). The entry is filled in while the call runs.
  std::shared_ptr<Entry> Add(const net::Request& request);
  std::size_t body_bytes() const { return body_bytes_; }
  void Clear() { kept_.clear(); }
  // {"requests":[...]}, oldest first. Bytes that are not UTF-8 are shown as replacement characters.
  std::string ToJson() const;

 private:
  std::size_t entries_, body_bytes_;
  std::uint64_t number_ = 0;
  std::deque<std::shared_ptr<Entry>> kept_;
};

}  // namespace baton::mock
