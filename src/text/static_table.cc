#include "text/static_table.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/hash.h"
#include "base/vectors.h"

namespace baton::text {
namespace {

constexpr std::string_view kMagic = "BATONTB1";
constexpr std::size_t kMaxWidth = 1024, kMaxFile = std::size_t{256} << 20;

void Put(std::uint64_t v, std::string* out) {
  out->append(reinterpret_cast<const char*>(&v), sizeof v);
}

void Put(std::string_view text, std::string* out) {
  Put(text.size(), out);
  out->append(text);
}

// Takes the file apart; `fine` turns false, for good, where something is missing.
struct Cursor {
  std::string_view left;
  bool fine = true;
  std::uint64_t Number() {
    std::uint64_t v = 0;
    if (left.size() < sizeof v) return fine = false, 0;
    std::memcpy(&v, left.data(), sizeof v);
    left.remove_prefix(sizeof v);
    return v;
  }
  std::string_view Bytes(std::uint64_t n) {
    if (!fine || n > left.size()) return fine = false, std::string_view();
    const std::string_view bytes = left.substr(0, static_cast<std::size_t>(n));
    left.remove_prefix(bytes.size());
    return bytes;
  }
};

Error Damaged(const std::string& path, const char* how) {
  return Fail(Code::kInvalidRequest,
              fmt::format("{} {}: make it anew with `baton models pull minilm-static`", path, how),
              "table_damaged");
}

Result<std::string> ReadWhole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return Fail(Code::kNotFound,
                fmt::format("cannot read {}: `baton models pull minilm-static` makes it", path));
  in.seekg(0, std::ios::end);
  const auto size = in.tellg();
  if (size < 0 || static_cast<std::uint64_t>(size) > kMaxFile)
    return Fail(Code::kInvalidRequest, path + " is no static table: it is too large", "not_a_table");
  std::string bytes(static_cast<std::size_t>(size), 0);
  in.seekg(0);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!in) return Fail(Code::kInternal, "cannot read " + path, "disk");
  return bytes;
}

template <class T>
std::vector<T> AsVector(std::string_view bytes) {
  const auto* first = reinterpret_cast<const T*>(bytes.data());
  return std::vector<T>(first, first + bytes.size());
}

}  // namespace

StaticTable::StaticTable(std::string recipe, WordPiece pieces, std::size_t width,
                         std::vector<std::int8_t> rows, std::vector<std::uint8_t> weights)
    : recipe_(std::move(recipe)),
      pieces_(std::move(pieces)),
      width_(width),
      rows_(std::move(rows)),
      weights_(std::move(weights)) {}

std::string StaticTable::ToBytes() const {
  std::string out(kMagic);
  Put(recipe_, &out);
  Put(width_, &out);
  Put(pieces_.pieces().size(), &out);
  for (const auto& piece : pieces_.pieces()) Put(piece, &out);
  Put({reinterpret_cast<const char*>(weights_.data()), weights_.size()}, &out);
  Put({reinterpret_cast<const char*>(rows_.data()), rows_.size()}, &out);
  Put(Hash64(out), &out);
  return out;
}

Result<std::shared_ptr<const StaticTable>> StaticTable::Load(const std::string& path) {
  TRY(std::string bytes, ReadWhole(path));
  const std::string_view all = bytes;
  if (all.substr(0, kMagic.size()) != kMagic)
    return Fail(Code::kInvalidRequest, path + " is no static table of Baton's", "not_a_table");
  if (all.size() < kMagic.size() + 8) return Damaged(path, "is cut short");
  Cursor tail{all.substr(all.size() - 8)};
  const std::string_view body = all.substr(0, all.size() - 8);
  if (tail.Number() != Hash64(body)) return Damaged(path, "is cut short or changed");
  Cursor in{body.substr(kMagic.size())};
  std::string recipe(in.Bytes(in.Number()));
  const auto width = in.Number(), count = in.Number();
  if (width == 0 || width > kMaxWidth) in.fine = false;
  std::vector<std::string> pieces;
  for (std::uint64_t i = 0; i < count && in.fine; ++i) pieces.emplace_back(in.Bytes(in.Number()));
  auto weights = AsVector<std::uint8_t>(in.Bytes(in.Number()));
  auto rows = AsVector<std::int8_t>(in.Bytes(in.Number()));
  if (!in.fine || weights.size() != pieces.size() || rows.size() != pieces.size() * width)
    return Damaged(path, "does not hold what it says");
  TRY(WordPiece vocabulary, WordPiece::Create(std::move(pieces)));
  return std::shared_ptr<const StaticTable>(
      std::make_shared<StaticTable>(std::move(recipe), std::move(vocabulary), static_cast<std::size_t>(width),
                                    std::move(rows), std::move(weights)));
}

void StaticTable::Embed(std::span<const std::string_view> texts, std::span<float> out) const {
  thread_local std::vector<std::uint32_t> ids;
  thread_local std::vector<std::int32_t> sum;
  ids.clear();
  sum.assign(width_, 0);
  for (std::string_view text : texts) {
    if (ids.size() < kMaxPieces) pieces_.Encode(text, kMaxPieces - ids.size(), &ids);
  }
  // 4,096 pieces of at most 127 x 255 each stay far below 2^31.
  for (std::uint32_t id : ids) AddWeighted(weights_[id], rows_.data() + id * width_, sum.data(), width_);
  double squares = 0;
  for (std::int32_t v : sum) squares += static_cast<double>(v) * v;
  const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
  for (std::size_t i = 0; i < width_; ++i) out[i] = static_cast<float>(sum[i] * scale);
}

}  // namespace baton::text
