// Every text of a request, in one order, for those who look at all of them or change some. One walk for both:
// what is scanned is exactly what can be redacted.
//
// What stands outside the messages comes first: a conversation grows at its end, so whoever numbers what is
// found numbers the old turns the same way every time.
#pragma once

#include <string>
#include <variant>

#include "chat/types.h"
#include "rails/data_class.h"

namespace baton::rails {

// How a text may be changed.
enum class Form {
  kPlain,
  kJson,   // inside string literals
  kFixed,  // not at all: it would no longer mean anything (an address, a signed thought, a file's bytes)
};

namespace walk {

template <class Request, class Use>
class Texts {
 public:
  Texts(Request& request, Use& use) : request_(request), use_(use) {}

  void All() {
    Outside();
    for (std::size_t m = 0; m < request_.messages.size(); ++m) {
      auto& message = request_.messages[m];
      for (std::size_t p = 0; p < message.parts.size(); ++p) {
        at_ = {m, p, Field::kText, 0};
        std::visit([this](auto& part) { Part(part); }, message.parts[p]);
      }
      at_ = {m, 0, Field::kText, 0};
      Say(message.name, Field::kName, Form::kPlain);
      at_.part = message.parts.size();  // of the message itself, not of a part
      Unknown(message.extra);
    }
  }

 private:
  template <class Text>
  void Say(Text& text, Field field, Form form) {
    if (text.empty()) return;
    at_.field = field;
    use_(text, at_, form);
  }
  template <class Text>
  void Next(Text& text, Form form) {
    Say(text, Field::kText, form);
    ++at_.item;
  }
  template <class Extra>
  void Unknown(Extra& extra) {
    for (auto& [name, value] : extra) {
      Say(value.text, Field::kExtra, Form::kJson);
      ++at_.item;
    }
  }

  void Outside() {
    at_ = {};
    for (auto& tool : request_.tools) {
      Next(tool.name, Form::kFixed);
      Next(tool.description, Form::kPlain);
      Next(tool.parameters.text, Form::kJson);
      Next(tool.opaque.text, Form::kJson);
      Unknown(tool.extra);
    }
    Next(request_.response_format.schema.text, Form::kJson);
    Next(request_.response_format.description, Form::kPlain);
    Next(request_.response_format.opaque.text, Form::kJson);
    Next(request_.user, Form::kPlain);
    for (auto& [name, value] : request_.metadata) Next(value, Form::kPlain);
    for (auto& [name, value] : request_.inputs) Next(value, Form::kPlain);
    for (auto& stop : request_.stop) Next(stop, Form::kPlain);
    Unknown(request_.extra);
  }

  template <class P>
  void Part(P& part) {
    using Type = std::remove_const_t<P>;
    if constexpr (std::is_same_v<Type, chat::Text>) {
      Say(part.text, Field::kText, Form::kPlain);
      Unknown(part.extra);
    } else if constexpr (std::is_same_v<Type, chat::Media>) {
      Media(part);
    } else if constexpr (std::is_same_v<Type, chat::Refusal>) {
      Say(part.text, Field::kText, Form::kPlain);
    } else if constexpr (std::is_same_v<Type, chat::Reasoning>) {
      Say(part.text, Field::kText, part.signature.empty() ? Form::kPlain : Form::kFixed);
      Unknown(part.extra);
    } else if constexpr (std::is_same_v<Type, chat::ToolCall>) {
      Say(part.name, Field::kName, Form::kFixed);
      Say(part.arguments, Field::kArguments, part.custom ? Form::kPlain : Form::kJson);
      Unknown(part.extra);
    } else if constexpr (std::is_same_v<Type, chat::ToolResult>) {
      Result(part);
    } else {
      Say(part.json.text, Field::kText, Form::kJson);
    }
  }

  template <class M>
  void Media(M& media) {
    Say(media.filename, Field::kFilename, Form::kPlain);
    if (media.url.compare(0, 5, "data:") == 0) {
      Say(media.url, Field::kContent, Form::kFixed);
    } else {
      Say(media.url, Field::kUrl, Form::kFixed);
    }
    Say(media.data, Field::kContent, Form::kFixed);
    Unknown(media.extra);
  }

  template <class R>
  void Result(R& result) {
    for (auto& content : result.content) {
      if (auto* text = std::get_if<chat::Text>(&content)) {
        Say(text->text, Field::kResult, Form::kPlain);
        Unknown(text->extra);
      } else if (auto* media = std::get_if<chat::Media>(&content)) {
        Media(*media);
      }
      ++at_.item;
    }
    Unknown(result.extra);
  }

  Request& request_;
  Use& use_;
  Place at_;
};

}  // namespace walk

// use(text, place, form) for every text that is not empty; `text` is a reference into the request. No two
// texts have the same place.
template <class Request, class Use>
void ForEachText(Request& request, Use use) {
  walk::Texts<Request, Use>(request, use).All();
}

}  // namespace baton::rails
