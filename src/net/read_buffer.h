// Bytes that arrived and were not used yet: [begin, end) of one block of memory. Internal to net/.
//
// A pending read writes to [end, capacity): nothing here may move while one is pending.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>

namespace baton::net {

class ReadBuffer {
 public:
  explicit ReadBuffer(std::size_t capacity)
      : data_(std::make_unique_for_overwrite<char[]>(capacity)), capacity_(capacity) {}

  char* begin() const { return data_.get() + begin_; }
  char* end() const { return data_.get() + end_; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  std::size_t spare() const { return capacity_ - end_; }
  std::size_t capacity() const { return capacity_; }

  void Append(std::size_t n) { end_ += n; }     // n bytes were written at end()
  void Consume(std::size_t n) { begin_ += n; }  // from the front
  void TruncateTo(std::size_t n) { end_ = begin_ + n; }
  // Throws the content away; the next bytes come at `offset` from the start of the memory.
  void RestartAt(std::size_t offset) { begin_ = end_ = offset; }
  // How far begin() is from the start of the memory.
  std::size_t offset() const { return begin_; }
  // Moves the content to the front, which makes all other room spare.
  void Compact() {
    if (begin_ == 0) return;
    std::memmove(data_.get(), begin(), size());
    end_ = size();
    begin_ = 0;
  }
  // New memory of `capacity` bytes with the same content. REQUIRES: capacity >= size().
  void Resize(std::size_t capacity) {
    auto fresh = std::make_unique_for_overwrite<char[]>(capacity);
    std::memcpy(fresh.get(), begin(), size());
    end_ = size();
    begin_ = 0;
    data_ = std::move(fresh);
    capacity_ = capacity;
  }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_;
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace baton::net
