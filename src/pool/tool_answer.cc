#include "pool/tool_answer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace baton::pool {
namespace {

// They go into JSON and into a URL as they are, so nothing else may be in them.
bool IsBase64(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
  });
}
bool IsMediaType(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '.' || c == '+' || c == '-';
  });
}

}  // namespace

ToolAnswer::ToolAnswer(std::string model, std::int64_t created_unix, bool stream) : stream_(stream) {
  response_.model = std::move(model);
  response_.created = created_unix;
  response_.usage.known = true;
  chat::Choice& choice = response_.choices.emplace_back();
  choice.message.role = chat::Role::kAssistant;
  choice.finish = chat::Finish::kStop;
}

void ToolAnswer::AddText(const std::string& text) {
  if (!text_.empty()) text_ += "\n\n";
  text_ += text;
}

void ToolAnswer::AddMedia(chat::Media media) {
  const bool type = IsMediaType(media.media_type);
  if (!stream_ && media.kind == chat::Media::Kind::kImage && type && IsBase64(media.data)) {
    images_.push_back(fmt::format(R"({{"type":"image_url","image_url":{{"url":"data:{};base64,{}"}}}})",
                                  media.media_type, media.data));
  } else {
    AddText(fmt::format("[{}, about {} bytes, which this form of answer cannot carry]",
                        type ? media.media_type : "content of an unknown type", media.data.size() / 4 * 3));
  }
  media_.push_back(std::move(media));
}

void ToolAnswer::Add(chat::ToolResult result) {
  for (auto& piece : result.content) {
    if (auto* text = std::get_if<chat::Text>(&piece)) {
      AddText((result.is_error ? "error: " : "") + text->text);
    } else {
      AddMedia(std::move(std::get<chat::Media>(piece)));
    }
  }
  for (auto& [name, value] : result.extra) {
    if (name == "structuredContent") structured_.push_back(std::move(value.text));
  }
}

chat::Response ToolAnswer::Take() {
  chat::Message& message = response_.choices.front().message;
  message.parts.emplace_back(chat::Text{std::move(text_), {}});
  for (auto& m : media_) message.parts.emplace_back(std::move(m));
  if (!images_.empty())
    message.extra.emplace_back("images", chat::Json{fmt::format("[{}]", fmt::join(images_, ","))});
  if (structured_.size() == 1)
    message.extra.emplace_back("structuredContent", chat::Json{structured_.front()});
  if (structured_.size() > 1) {
    message.extra.emplace_back("structuredContent",
                               chat::Json{fmt::format("[{}]", fmt::join(structured_, ","))});
  }
  return std::move(response_);
}

}  // namespace baton::pool
