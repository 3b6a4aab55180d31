// Folds the events of a streamed answer into the Response that the worker would have given without streaming.
#pragma once

#include "chat/types.h"

namespace baton::chat {

class Assembler {
 public:
  // Events must come in the order the decoder gave them. Order of parts is kept.
  void Add(const Event& event);
  // Something of the answer itself (text, reasoning, tool call) has been seen.
  bool has_content() const { return has_content_; }
  bool finished() const { return finished_; }
  const Usage& usage() const { return response_.usage; }
  // What was seen so far; choices sorted by index. Leaves the assembler empty.
  Response Take();

 private:
  Choice& At(std::int64_t index);

  Response response_;
  // For each choice, which part each tool index / reasoning block of the stream went to.
  struct Open {
    std::int64_t choice, index;
    bool tool;
    std::size_t part;
  };
  std::vector<Open> open_;
  bool has_content_ = false;
  bool finished_ = false;
};

// All text the model wrote for the reader in a message, parts joined.
std::string TextOf(const Message& message);

}  // namespace baton::chat
