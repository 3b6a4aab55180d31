// What was asked and answered, where the configuration says that it is kept (docs/audit.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace baton::record {

// How the bytes of a content row are to be read. Numbers are part of the form.
enum class ContentForm { kPlain = 1, kSealed = 2 };  // sealed: audit/vault.h

struct Content {
  ExchangeId exchange = 0;
  std::string tenant;
  ContentForm form = ContentForm::kPlain;
  std::string data;
};
// More is not kept: the journal's segments are larger, and a larger text is rarely worth a disk.
inline constexpr std::size_t kMaxContent = 192 * 1024;

std::string Encode(const Content& content);
Result<Content> DecodeContent(std::string_view bytes);

// Content that is to go, and who said so.
struct Erasure {
  std::string tenant;       // all of this tenant's, if `exchange` is 0
  ExchangeId exchange = 0;  // this one's alone
  std::string by;
  std::int64_t at_unix_ns = 0;
};
std::string Encode(const Erasure& erasure);
Result<Erasure> DecodeErasure(std::string_view bytes);

}  // namespace baton::record
