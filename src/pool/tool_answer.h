// The results of tool calls as the answer of a worker.
#pragma once

#include <string>
#include <vector>

#include "chat/types.h"

namespace baton::pool {

// Text in order, tools' own errors marked as such. Media stay parts of the message; for readers of a dialect
// whose assistant has no media they also stand beside the text: images under "images", as data URLs, all else
// (and in a stream, which carries text only, images too) as a note in the text. Structured content stands
// under "structuredContent": the object of the one call, or a list when there were several.
class ToolAnswer {
 public:
  ToolAnswer(std::string model, std::int64_t created_unix, bool stream);
  void Add(chat::ToolResult result);
  chat::Response Take();

 private:
  void AddText(const std::string& text);
  void AddMedia(chat::Media media);

  const bool stream_;
  chat::Response response_;
  std::string text_;
  std::vector<chat::Media> media_;
  std::vector<std::string> images_, structured_;  // JSON
};

}  // namespace baton::pool
