#include "provider/text.h"

namespace baton::provider {
namespace {

bool KeyChar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
         c == '*' || c == '.';
}

// Long runs of key characters with a known prefix, or with digits and letters mixed: nothing a reader needs.
bool LooksLikeKey(std::string_view word) {
  for (const std::string_view prefix : {"sk-", "sk_", "AIza", "gsk_", "xai-", "hf_", "pk-", "rk-", "key-",
                                        "Bearer", "ya29.", "ghp_", "AKIA", "fk-", "r8_", "nvapi-"}) {
    if (word.starts_with(prefix) && word.size() > prefix.size() + 4) return true;
  }
  if (word.find("***") != std::string_view::npos) return true;  // already half masked
  // An unbroken run of letters and digits that no name has.
  int digits = 0, letters = 0;
  for (const char c : word) {
    if (c == '-' || c == '_' || c == '.') {
      digits = letters = 0;
      continue;
    }
    (c >= '0' && c <= '9' ? digits : letters) += 1;
    if (digits + letters >= 20 && digits >= 3 && letters >= 3) return true;
  }
  return false;
}

std::string MaskKeys(std::string_view text) {
  std::string out;
  std::size_t i = 0;
  while (i < text.size()) {
    if (!KeyChar(text[i])) {
      out += text[i++];
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && KeyChar(text[end])) ++end;
    std::string_view word = text.substr(i, end - i);
    std::size_t tail = 0;
    while (tail < word.size() && word[word.size() - 1 - tail] == '.') ++tail;  // end of a sentence
    if (LooksLikeKey(word.substr(0, word.size() - tail))) {
      out += "[key]";
      out.append(tail, '.');
    } else {
      out += word;
    }
    i = end;
  }
  return out;
}

}  // namespace

std::string LowerAscii(std::string_view s) {
  std::string out(s);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string CleanMessage(std::string_view message, std::size_t limit) {
  std::string out;
  bool space = false;
  for (const char c : message.substr(0, limit * 2)) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F) {
      space = !out.empty();
      continue;
    }
    if (space) out += ' ';
    space = false;
    out += c;
  }
  out = MaskKeys(out);
  if (out.size() > limit) out.resize(limit);
  // Not in the middle of a character, neither from our cut nor from the sender's.
  std::size_t tail = 0;
  while (tail < 4 && tail < out.size() &&
         (static_cast<unsigned char>(out[out.size() - 1 - tail]) & 0xC0) == 0x80)
    ++tail;
  if (tail < out.size()) {
    const auto lead = static_cast<unsigned char>(out[out.size() - 1 - tail]);
    const std::size_t need = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (need != tail) out.resize(out.size() - 1 - tail + (need == 0 ? 1 : 0));
  }
  return out;
}

}  // namespace baton::provider
