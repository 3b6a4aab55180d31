#include "exact/reading.h"

#include <algorithm>
#include <optional>

#include "chat/assemble.h"

namespace baton::exact {
namespace {

constexpr std::size_t kMark = 12;  // hexadecimal digits
constexpr std::string_view kIntroduction = "Between the lines marked ";

struct Block {
  std::size_t begin = 0, end = 0;
  Note note;
};

bool IsMark(std::string_view text) {
  return text.size() == kMark && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<Block> NextBlock(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find("<<<", from); at != std::string_view::npos; at = text.find("<<<", at + 3)) {
    if (at + 3 + kMark + 1 > text.size() || !IsMark(text.substr(at + 3, kMark))) continue;
    const std::size_t line = text.find('\n', at);
    if (line == std::string_view::npos) return std::nullopt;
    const std::string close = "\n>>>" + std::string(text.substr(at + 3, kMark));
    const std::size_t end = text.find(close, line);
    if (end == std::string_view::npos) return std::nullopt;
    const std::size_t title = at + 3 + kMark + 1;
    Block block{at, end + close.size(), {}};
    block.note.title = text.substr(title, line - title);
    if (end > line) block.note.text = text.substr(line + 1, end - line - 1);
    return block;
  }
  return std::nullopt;
}

std::string Trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

std::string LastUserText(const chat::Request& request) {
  for (auto m = request.messages.rbegin(); m != request.messages.rend(); ++m) {
    if (m->role == chat::Role::kUser) return chat::TextOf(*m);
  }
  return {};
}

}  // namespace

std::vector<std::string_view> Reading::Sources() const {
  std::vector<std::string_view> out;
  if (!task.empty()) out.push_back(task);
  for (auto n = notes.rbegin(); n != notes.rend(); ++n) out.push_back(n->text);
  out.push_back(question);
  return out;
}

const Note* Reading::Answer() const {
  for (auto n = notes.rbegin(); n != notes.rend(); ++n) {
    if (n->title.ends_with("(worker)")) return &*n;
  }
  return nullptr;
}

Reading Read(const chat::Request& request) {
  const std::string text = LastUserText(request);
  Reading out;
  std::size_t at = 0, first = text.size();
  while (auto block = NextBlock(text, at)) {
    first = std::min(first, block->begin);
    at = block->end;
    out.notes.push_back(std::move(block->note));
  }
  std::string_view before = std::string_view(text).substr(0, first);
  if (!out.notes.empty()) {
    if (const auto cut = before.rfind(kIntroduction); cut != std::string_view::npos)
      before = before.substr(0, cut);
    out.task = Trimmed(std::string_view(text).substr(at));
    out.question = Trimmed(before);
    return out;
  }
  // A first step has no material: its task stands behind an empty line, at the end.
  const auto gap = before.rfind("\n\n");
  out.question = Trimmed(before);
  if (gap != std::string_view::npos && before.substr(gap).find("\n\nTask:") == 0) {
    out.question = Trimmed(before.substr(0, gap));
    out.task = Trimmed(before.substr(gap));
  }
  return out;
}

bool WantsVerdict(const Reading& reading) {
  return reading.task.find("ACCEPT") != std::string::npos && reading.task.find("REJECT") != std::string::npos;
}

}  // namespace baton::exact
