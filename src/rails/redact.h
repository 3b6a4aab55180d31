// Redaction: what was found in a text is replaced by marks before a worker sees it, and put back in its
// answer.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "rails/data_class.h"

namespace baton::rails {

// The marks of one exchange: the same value has the same mark wherever it stands, "[EMAIL_1]", so that an
// answer that uses marks makes sense. Not thread safe. Holds the values themselves: never log it.
class Marks {
 public:
  // `text` with every finding replaced whose class is not in `harmless`. `found` is ClassifyText(text); spans
  // that overlap are replaced as one. When `found` is truncated the rest of the text after the last span is
  // cut off, for what stands there is not known.
  std::string Hide(std::string_view text, const Classification& found,
                   const std::set<DataClass>& harmless = {"public", "internal"});
  // `text` with every mark of ours put back; marks nobody made stay.
  std::string Restore(std::string_view text) const;
  std::size_t size() const { return by_mark_.size(); }

 private:
  const std::string& MarkFor(const std::string& type, std::string_view value);

  std::map<std::string, std::string, std::less<>> by_mark_, by_value_;
  std::map<std::string, int> counts_;
};

}  // namespace baton::rails
