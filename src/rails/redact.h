// Redaction: what was found in a text is replaced by marks before a worker sees it, and put back in its
// answer.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "chat/types.h"
#include "rails/data_class.h"

namespace baton::rails {

// The marks of one exchange: the same value has the same mark wherever it stands, "[EMAIL_1]", so that an
// answer that uses marks makes sense, and the next turn of a conversation numbers its beginning the same way.
// Not thread safe. Holds the values themselves: never log it.
class Marks {
 public:
  // Longest mark there is.
  static constexpr std::size_t kMaxMark = 80;
  using Wanted = std::function<bool(const Span&)>;

  // What a text of the request already says in the form of a mark will not be used as one.
  void Avoid(std::string_view text);

  // `text` with every finding replaced whose class is not in `harmless`. `found` is ClassifyText(text); spans
  // that overlap are replaced as one. When `found` is truncated the rest of the text after the last span is
  // cut off, for what stands there is not known.
  std::string Hide(std::string_view text, const Classification& found,
                   const std::set<DataClass>& harmless = {"public", "internal"});
  // Replaces in every text of the request that can be changed what `wanted` says of its findings. `found` is
  // Classify(*request). Returns how many places were replaced; when any, `request->raw` is cleared.
  int HideIn(chat::Request* request, const Classification& found, const Wanted& wanted);
  // The same for texts to embed; the span's place holds the text's number as `message`.
  int HideIn(chat::EmbedRequest* request, const Classification& found, const Wanted& wanted);

  // `text` with every mark of ours put back; marks nobody made stay. `json`: as part of a JSON string.
  std::string Restore(std::string_view text, bool json = false) const;
  // The length of a tail of `text` that may be the beginning of a mark.
  static std::size_t OpenTail(std::string_view text);
  // Different values that have a mark.
  std::size_t size() const { return by_mark_.size(); }

 private:
  const std::string& MarkFor(const std::string& type, std::string_view value);
  std::string Replace(std::string_view text, std::vector<const Span*> spans, bool json);

  std::map<std::string, std::string, std::less<>> by_mark_, by_value_;
  std::map<std::string, int> counts_;
  std::set<std::string, std::less<>> taken_;
};

// Puts back what was hidden, in an answer that comes in pieces: a mark may be cut anywhere.
class Unmarker {
 public:
  // `marks` outlives it.
  explicit Unmarker(const Marks& marks, bool json = false) : marks_(marks), json_(json) {}
  // What can be said of the text so far: never more than kMaxMark bytes are held back.
  std::string Feed(std::string_view piece);
  std::string Finish();

 private:
  const Marks& marks_;
  bool json_;
  std::string held_;
};

}  // namespace baton::rails
