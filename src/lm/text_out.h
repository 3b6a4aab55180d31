// From the bytes of tokens to text that may be shown.
//
// Tokens end in the middle of characters and of stop strings. TextOut gives out only whole characters, and
// holds back an ending that may yet become a stop string, so that a client never sees part of one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baton::lm {

class TextOut {
 public:
  // Empty stop strings are ignored.
  explicit TextOut(std::vector<std::string> stops);

  // Takes the next token's bytes; returns what may be shown now. Bytes that are no UTF-8 become U+FFFD.
  std::string Feed(std::string_view bytes);
  // The end without a stop string: everything held back.
  std::string Flush();
  // A stop string has been completed; text from it on is dropped and Feed returns nothing more.
  bool stopped() const { return stopped_; }

 private:
  void Decode(std::string_view bytes);
  std::size_t HeldSuffix() const;
  std::size_t StopBegin() const;

  std::vector<std::string> stops_;
  std::size_t longest_ = 0;
  std::string partial_;  // up to three bytes of an unfinished character
  std::string held_;     // whole characters not yet given out
  bool stopped_ = false;
};

}  // namespace baton::lm
