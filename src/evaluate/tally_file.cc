// File: records of [u32 key length][u32 body length][u32 crc of key and body][key][body], little endian as
// the machine is; it never leaves the machine. The first record's key is the magic word, its body the
// fingerprint.

#include "evaluate/tally_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace baton::evaluate {
namespace {

constexpr std::string_view kMagic = "baton-eval-parts-1";
constexpr std::size_t kHead = 12;

class Packer {
 public:
  void Number(double x) { bytes_.append(reinterpret_cast<const char*>(&x), sizeof x); }
  template <class T>
  void List(const std::vector<T>& list) {
    Number(static_cast<double>(list.size()));
    bytes_.append(reinterpret_cast<const char*>(list.data()), list.size() * sizeof(T));
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}
  double Number() {
    double x = 0;
    Copy(&x, sizeof x);
    return x;
  }
  template <class T>
  void List(std::vector<T>& list) {
    const double n = Number();
    if (!(n >= 0) || n * sizeof(T) > static_cast<double>(bytes_.size())) {
      ok_ = false;
      return;
    }
    list.resize(static_cast<std::size_t>(n));
    Copy(list.data(), list.size() * sizeof(T));
  }
  bool Whole() const { return ok_ && bytes_.empty(); }

 private:
  void Copy(void* to, std::size_t n) {
    if (bytes_.size() < n) {
      ok_ = false;
      return;
    }
    if (n > 0) std::memcpy(to, bytes_.data(), n);
    bytes_.remove_prefix(n);
  }
  std::string_view bytes_;
  bool ok_ = true;
};

// One order for both directions.
template <class Archive, class T>
void Lists(Archive& a, T& t) {
  a.List(t.rows), a.List(t.hard_rows), a.List(t.quality), a.List(t.cost), a.List(t.calls), a.List(t.tokens);
  a.List(t.hard_right), a.List(t.best_calls), a.List(t.worst), a.List(t.calibration);
}

std::uint32_t Crc(std::string_view key, std::string_view body) {
  const auto add = [](uLong crc, std::string_view s) {
    return crc32(crc, reinterpret_cast<const Bytef*>(s.data()), static_cast<uInt>(s.size()));
  };
  return static_cast<std::uint32_t>(add(add(0, key), body));
}

std::string Record(std::string_view key, std::string_view body) {
  const std::array<std::uint32_t, 3> head = {static_cast<std::uint32_t>(key.size()),
                                             static_cast<std::uint32_t>(body.size()), Crc(key, body)};
  std::string bytes(reinterpret_cast<const char*>(head.data()), kHead);
  return bytes.append(key).append(body);
}

struct Parsed {
  std::string_view key, body;
  std::size_t size = 0;
};
std::optional<Parsed> ParseRecord(std::string_view bytes) {
  std::array<std::uint32_t, 3> head{};
  if (bytes.size() < kHead) return std::nullopt;
  std::memcpy(head.data(), bytes.data(), kHead);
  const std::size_t size = kHead + std::size_t{head[0]} + head[1];
  if (bytes.size() < size) return std::nullopt;
  const Parsed p{bytes.substr(kHead, head[0]), bytes.substr(kHead + head[0], head[1]), size};
  if (Crc(p.key, p.body) != head[2]) return std::nullopt;
  return p;
}

std::string ReadWhole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

}  // namespace

std::string PackTally(const Tally& t) {
  Packer p;
  for (const double x : {static_cast<double>(t.blocks), static_cast<double>(t.values), t.decide_p50_us,
                         t.decide_p99_us, t.fit_seconds})
    p.Number(x);
  p.List(std::vector<char>(t.skipped.begin(), t.skipped.end()));
  Lists(p, t);
  return p.Take();
}

bool UnpackTally(std::string_view bytes, Tally& t) {
  Unpacker u(bytes);
  const double blocks = u.Number(), values = u.Number();
  t.decide_p50_us = u.Number();
  t.decide_p99_us = u.Number();
  t.fit_seconds = u.Number();
  std::vector<char> skipped;
  u.List(skipped);
  t.skipped.assign(skipped.begin(), skipped.end());
  Lists(u, t);
  if (!u.Whole() || !(blocks >= 0) || !(values >= 0)) return false;
  t.blocks = static_cast<std::size_t>(blocks);
  t.values = static_cast<std::size_t>(values);
  const std::size_t cells = t.blocks * t.values;
  return t.rows.size() == t.blocks && t.hard_rows.size() == t.blocks && t.quality.size() == cells &&
         t.cost.size() == cells && t.calls.size() == cells && t.tokens.size() == cells &&
         t.hard_right.size() == cells && t.best_calls.size() == cells && t.worst.size() == t.values;
}

Status TallyFile::Open(const std::string& path, const std::string& fingerprint) {
  path_ = path;
  const std::string bytes = ReadWhole(path);
  std::string_view rest = bytes;
  std::size_t good = 0;
  const auto first = ParseRecord(rest);
  if (first && first->key == kMagic && first->body == fingerprint) {
    for (auto record = first; record; record = ParseRecord(rest)) {
      Tally tally;
      if (good > 0 && UnpackTally(record->body, tally)) found_[std::string(record->key)] = std::move(tally);
      good += record->size;
      rest.remove_prefix(record->size);
    }
    std::error_code ignored;
    std::filesystem::resize_file(path, good, ignored);
  }
  out_.reset(std::fopen(path.c_str(), good > 0 ? "ab" : "wb"));
  if (!out_)
    return Fail(Code::kInternal, fmt::format("cannot write {}: {}", path, std::strerror(errno)),
                "unwritable_file");
  if (good == 0) {
    const std::string head = Record(kMagic, fingerprint);
    failed_ = std::fwrite(head.data(), 1, head.size(), out_.get()) != head.size();
  }
  return Check();
}

bool TallyFile::Find(const std::string& key, Tally& tally) const {
  const std::lock_guard lock(mutex_);
  const auto it = found_.find(key);
  if (it == found_.end()) return false;
  tally = it->second;
  return true;
}

void TallyFile::Add(const std::string& key, const Tally& tally) {
  if (!out_) return;
  const std::string record = Record(key, PackTally(tally));
  const std::lock_guard lock(mutex_);
  failed_ |= std::fwrite(record.data(), 1, record.size(), out_.get()) != record.size() ||
             std::fflush(out_.get()) != 0;
}

Status TallyFile::Check() const {
  const std::lock_guard lock(mutex_);
  if (failed_)
    return Fail(Code::kInternal, fmt::format("cannot write {}; is the disk full?", path_), "unwritable_file");
  return {};
}

}  // namespace baton::evaluate
