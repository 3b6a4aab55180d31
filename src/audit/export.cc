#include "audit/export.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "audit/base64.h"
#include "base/ids.h"

namespace baton::audit {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kForm = 1;
constexpr std::string_view kBegin = R"({"baton_audit_export":)";
constexpr std::size_t kMaxLine = 1 << 20;  // a row takes at most 192 KB, in base64 and once more in words

Error WriteError() {
  const bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
  return Fail(Code::kUnavailable, fmt::format("cannot write the export: {}", std::strerror(errno)),
              full ? "disk_full" : "store_io");
}

Status Line(std::FILE* to, const std::string& line) {
  if (std::fwrite(line.data(), 1, line.size(), to) != line.size() || std::fputc('\n', to) == EOF)
    return WriteError();
  return {};
}

std::string Dump(const Json& j) {
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string HeadLine(const Source& source) {
  Json j{{"baton_audit_export", kForm}, {"store", fmt::format("{:016x}", source.store())}};
  j["cut"] = source.cut() ? Json::parse(ToJson(*source.cut())) : Json();
  j["claims"] = Json::array();
  for (const Claim& c : source.claims())
    j["claims"].push_back({{"seq", c.seq}, {"action", c.action}, {"target", c.target}, {"detail", c.detail}});
  return Dump(j);
}

std::string ItemLine(const Item& item, const ExportOptions& options) {
  const Link& l = item.link;
  std::string line = fmt::format(R"({{"seq":{},"kind":"{}","ref":{},"digest":"{}","hash":"{}")", l.seq,
                                 KindName(l.kind), l.ref, Hex(l.digest), Hex(l.hash));
  if (item.row == Item::Row::kWhole) {
    line += fmt::format(R"(,"bytes":"{}")", ToBase64(item.canonical));
    const std::string row = options.readable ? options.readable(l.kind, item.canonical) : std::string();
    if (!row.empty()) line += fmt::format(R"(,"row":{})", row);
  } else if (item.row == Item::Row::kErased) {
    line += fmt::format(R"(,"erased":{})", Dump(Json(item.tenant)));
  } else {
    line += R"(,"gone":true)";
  }
  if (item.checkpoint) line += fmt::format(R"(,"signed":{})", ToJson(*item.checkpoint));
  return line + "}";
}

// Reading. Members are taken only in the type they must have.
template <class T>
bool Get(const Json& j, const char* name, T* to) {
  const auto at = j.find(name);
  if (at == j.end()) return false;
  if constexpr (std::is_same_v<T, std::string>) {
    if (!at->is_string()) return false;
  } else {
    if (!at->is_number_integer()) return false;
  }
  *to = at->get<T>();
  return true;
}

bool GetDigest(const Json& j, const char* name, Digest* to) {
  std::string hex;
  return Get(j, name, &hex) && FromHex(hex, *to);
}

class FileSource : public ExportSource {
 public:
  explicit FileSource(std::FILE* file, std::string path)
      : file_(file, &std::fclose), path_(std::move(path)) {}

  Status Open() {
    TRY(const bool more, ReadLine());
    const Json j = more ? Json::parse(line_, nullptr, false) : Json();
    std::int64_t form = 0;
    std::string store;
    std::array<std::uint8_t, 8> bytes{};
    if (!j.is_object() || !Get(j, "baton_audit_export", &form) || !Get(j, "store", &store) ||
        !FromHex(store, bytes))
      return Damaged("is no head of an export");
    if (form != kForm)
      return Fail(Code::kUnsupported, fmt::format("{} has form {}, this Baton knows {}", path_, form, kForm),
                  "export_newer");
    for (const auto b : bytes) store_ = store_ << 8 | b;
    return ReadHead(j);
  }

  std::uint64_t store() const override { return store_; }
  const std::optional<Checkpoint>& cut() const override { return cut_; }
  const std::vector<Claim>& claims() const override { return claims_; }
  const std::optional<Counts>& counts() const override { return none_; }
  const std::optional<Checkpoint>& head() const override { return head_; }
  bool complete() const override { return complete_; }

  Result<bool> Next(Item& item) override {
    if (complete_) return false;
    TRY(const bool more, ReadLine());
    if (!more) return false;
    const Json j = Json::parse(line_, nullptr, false);
    if (!j.is_object()) return Damaged("is no JSON object");
    if (j.contains("end")) {
      complete_ = true;
      if (j.contains("head") && j["head"].is_object()) {
        TRY(head_, ParseCheckpoint(j["head"].dump()));
      }
      return false;
    }
    TRY_VOID(ReadItem(j, item));
    return true;
  }

 private:
  Status ReadHead(const Json& j) {
    if (j.contains("cut") && j["cut"].is_object()) {
      TRY(cut_, ParseCheckpoint(j["cut"].dump()));
    }
    if (!j.contains("claims") || !j["claims"].is_array()) return {};
    for (const Json& c : j["claims"]) {
      Claim& claim = claims_.emplace_back();
      if (!c.is_object() || !Get(c, "seq", &claim.seq) || !Get(c, "action", &claim.action) ||
          !Get(c, "target", &claim.target) || !Get(c, "detail", &claim.detail))
        return Damaged("has a claim that is none");
    }
    return {};
  }

  Status ReadItem(const Json& j, Item& item) {
    std::string kind, bytes;
    const bool link = Get(j, "seq", &item.link.seq) && Get(j, "kind", &kind) &&
                      Get(j, "ref", &item.link.ref) && GetDigest(j, "digest", &item.link.digest) &&
                      GetDigest(j, "hash", &item.link.hash);
    const auto parsed = ParseKind(kind);
    if (!link || !parsed) return Damaged("is no link");
    item.link.kind = *parsed;
    item.canonical.clear();
    item.readable.clear();
    item.checkpoint.reset();
    item.row = Item::Row::kGone;
    if (Get(j, "bytes", &bytes)) {
      auto canonical = FromBase64(bytes);
      if (!canonical) return Damaged("has bytes that are no base64");
      item.canonical = std::move(*canonical);
      item.row = Item::Row::kWhole;
      if (const auto row = j.find("row"); row != j.end()) item.readable = Dump(*row);
    } else if (Get(j, "erased", &item.tenant)) {
      item.row = Item::Row::kErased;
    }
    if (const auto at = j.find("signed"); at != j.end()) {
      TRY(item.checkpoint, ParseCheckpoint(at->dump()));
    }
    return {};
  }

  Error Damaged(std::string_view why) const {
    return Fail(Code::kConflict, fmt::format("{}:{}: the line {}", path_, number_, why), "export_damaged");
  }

  Result<bool> ReadLine() {
    ++number_;
    line_.clear();
    for (int c; (c = std::getc(file_.get())) != EOF && c != '\n';) {
      line_ += static_cast<char>(c);
      if (line_.size() > kMaxLine) return Damaged("is longer than any link");
    }
    return !line_.empty();
  }

  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  const std::string path_;
  std::string line_;
  std::int64_t number_ = 0;
  std::uint64_t store_ = 0;
  std::optional<Checkpoint> cut_, head_;
  std::optional<Counts> none_;
  std::vector<Claim> claims_;
  bool complete_ = false;
};

}  // namespace

Status WriteExport(Source& source, const ExportOptions& options, std::FILE* to) {
  TRY_VOID(Line(to, HeadLine(source)));
  Item item;
  std::int64_t rows = 0;
  for (;;) {
    TRY(const bool more, source.Next(item));
    if (!more) break;
    TRY_VOID(Line(to, ItemLine(item, options)));
    if (++rows % 10'000 == 0 && options.progress) options.progress(rows);
  }
  TRY_VOID(Line(to, fmt::format(R"({{"end":true,"links":{}{}}})", rows,
                                options.head ? fmt::format(R"(,"head":{})", ToJson(*options.head)) : "")));
  if (std::fflush(to) != 0) return WriteError();
  return {};
}

bool LooksLikeExport(const std::string& path) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  char begin[kBegin.size()];
  return file && std::fread(begin, 1, sizeof(begin), file.get()) == sizeof(begin) &&
         std::string_view(begin, sizeof(begin)) == kBegin;
}

Result<std::unique_ptr<ExportSource>> OpenExport(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file)
    return Fail(Code::kNotFound, fmt::format("cannot read {}: {}", path, std::strerror(errno)),
                "export_not_found");
  auto source = std::make_unique<FileSource>(file, path);
  TRY_VOID(source->Open());
  return std::unique_ptr<ExportSource>(std::move(source));
}

}  // namespace baton::audit
