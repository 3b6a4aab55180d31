// Encoding: every field in the order of fields.h; numbers as zigzag varints, texts as length and bytes, reals
// as eight bytes. Then the number of calls and the calls, the number of steps and the steps. About 400 bytes
// for an exchange with one call; decoding copies nothing.
#include "record/encode.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace baton::record {
namespace {

constexpr std::string_view kCut = "…";

// No bounds are checked here: the limits in fields.h say that everything fits (a test fills a record to its
// brim).
class Packer {
 public:
  explicit Packer(char* out) : at_(out) {}
  char* at() const { return at_; }

  void Number(std::int64_t v) {
    auto z = (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63);
    for (; z >= 0x80; z >>= 7) *at_++ = static_cast<char>(z | 0x80);
    *at_++ = static_cast<char>(z);
  }
  void Count(std::size_t n) { Number(static_cast<std::int64_t>(n)); }

  void operator()(Field f, std::string_view s) {
    if (s.size() <= f.limit) {
      Count(s.size());
      Bytes(s.data(), s.size());
      return;
    }
    std::size_t end = f.limit - kCut.size();
    while (end > 0 && (static_cast<unsigned char>(s[end]) & 0xc0) == 0x80) --end;
    Count(end + kCut.size());
    Bytes(s.data(), end);
    Bytes(kCut.data(), kCut.size());
  }
  void operator()(Field, std::int64_t v) { Number(v); }
  void operator()(Field, int v) { Number(v); }
  void operator()(Field, bool v) { *at_++ = v ? 2 : 0; }
  void operator()(Field, budget::Nanos v) { Number(v.v); }
  void operator()(Field, Duration v) { Number(v.count() / 1000); }
  void operator()(Field, double v) {
    // One form per value, and only what the store can keep: it has neither a negative zero nor a NaN.
    if (v == 0 || std::isnan(v)) v = 0;
    Bytes(reinterpret_cast<const char*>(&v), sizeof(v));
  }

 private:
  void Bytes(const char* from, std::size_t n) {
    std::memcpy(at_, from, n);
    at_ += n;
  }
  char* at_;
};

// Once something does not fit, everything after it reads as zero and ok() is false.
class Unpacker {
 public:
  explicit Unpacker(std::string_view in) : in_(in) {}
  bool ok() const { return ok_; }
  bool at_end() const { return in_.empty(); }

  std::int64_t Number() {
    std::uint64_t z = 0;
    for (int shift = 0; shift < 64 && !in_.empty(); shift += 7) {
      const auto b = static_cast<unsigned char>(in_.front());
      in_.remove_prefix(1);
      z |= static_cast<std::uint64_t>(b & 0x7f) << shift;
      if (b < 0x80) return static_cast<std::int64_t>(z >> 1) ^ -static_cast<std::int64_t>(z & 1);
    }
    return Bad();
  }
  // A length: never more than there are bytes left, so a wild one is caught before memory is asked for.
  std::size_t Count() {
    const std::int64_t n = Number();
    if (n < 0 || static_cast<std::uint64_t>(n) > in_.size()) return static_cast<std::size_t>(Bad());
    return static_cast<std::size_t>(n);
  }

  void operator()(Field, std::string_view& s) {
    const std::size_t n = Count();
    s = in_.substr(0, n);
    in_.remove_prefix(n);
  }
  void operator()(Field f, std::string& s) {
    std::string_view view;
    (*this)(f, view);
    s.assign(view);
  }
  void operator()(Field, std::int64_t& v) { v = Number(); }
  void operator()(Field, int& v) { v = static_cast<int>(Number()); }
  void operator()(Field, bool& v) { v = Number() != 0; }
  void operator()(Field, budget::Nanos& v) { v.v = Number(); }
  void operator()(Field, Duration& v) {
    // Unsigned: a wild value may wrap, but must not be undefined.
    v = Duration(static_cast<std::int64_t>(static_cast<std::uint64_t>(Number()) * 1000));
  }
  void operator()(Field, double& v) {
    if (in_.size() < 8) {
      v = static_cast<double>(Bad());
      return;
    }
    std::memcpy(&v, in_.data(), 8);
    in_.remove_prefix(8);
  }

 private:
  std::int64_t Bad() {
    ok_ = false;
    in_ = {};
    return 0;
  }
  std::string_view in_;
  bool ok_ = true;
};

template <class Record>
Status DecodeInto(std::string_view bytes, Record& to) {
  Unpacker r(bytes);
  to.id = r.Number();
  EachRecordField(to, r);
  // Unsigned, so that a wild pair of numbers may wrap but is defined.
  to.calls_cut = static_cast<int>(static_cast<unsigned>(to.calls_cut) + static_cast<unsigned>(r.Number()));
  to.calls.resize(std::min(r.Count(), kMaxCalls));
  for (auto& c : to.calls) EachCallField(c, r);
  to.steps.resize(std::min(r.Count(), kMaxSteps));
  for (auto& s : to.steps) EachStepField(s, r);
  if (!r.at_end()) {
    EachLaterRecordField(to, r);
    for (auto& s : to.steps) EachLaterStepField(s, r);
  }
  if (!r.at_end()) EachThirdRecordField(to, r);
  if (r.ok() && r.at_end()) return {};
  return Fail(Code::kInvalidRequest, "the bytes are not a record", "record_malformed");
}

// Whether some text of a block is not empty.
class Something {
 public:
  bool found() const { return found_; }
  void operator()(Field, std::string_view text) { found_ |= !text.empty(); }

 private:
  bool found_ = false;
};

template <class Record>
bool HasThirdBlock(const Record& record) {
  Something s;
  EachThirdRecordField(record, s);
  return s.found();
}

template <class Record>
std::size_t EncodeAny(const Record& record, char* out) {
  Packer w(out);
  const std::size_t calls = std::min(record.calls.size(), kMaxCalls);
  const std::size_t steps = std::min(record.steps.size(), kMaxSteps);
  const std::size_t cut = record.calls.size() - calls + record.steps.size() - steps;
  w.Number(record.id);
  // What is cut here is counted in the field itself, so that a record read back has the same bytes.
  EachRecordField(record, [&](Field f, const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, int>) {
      w(f, &value == &record.calls_cut ? value + static_cast<int>(cut) : value);
    } else {
      w(f, value);
    }
  });
  w.Count(0);
  w.Count(calls);
  for (std::size_t i = 0; i < calls; ++i) EachCallField(record.calls[i], w);
  w.Count(steps);
  for (std::size_t i = 0; i < steps; ++i) EachStepField(record.steps[i], w);
  // A plain exchange has none of these and does not pay for them.
  const bool third = HasThirdBlock(record);
  if (steps > 0 || !record.degraded.empty() || !record.notes.empty() || third) {
    EachLaterRecordField(record, w);
    for (std::size_t i = 0; i < steps; ++i) EachLaterStepField(record.steps[i], w);
  }
  if (third) EachThirdRecordField(record, w);
  return static_cast<std::size_t>(w.at() - out);
}

}  // namespace

std::size_t Encode(const Provenance& record, char* out) {
  return EncodeAny(record, out);
}
std::size_t Encode(const RecordView& record, char* out) {
  return EncodeAny(record, out);
}

std::string Encode(const Provenance& record) {
  std::string bytes(kMaxRecordBytes, '\0');
  bytes.resize(Encode(record, bytes.data()));
  return bytes;
}

Status Decode(std::string_view bytes, RecordView& to) {
  return DecodeInto(bytes, to);
}
Status Decode(std::string_view bytes, Provenance& to) {
  return DecodeInto(bytes, to);
}

}  // namespace baton::record
