// What a parsed document is made of, for the files that write and read it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provider/json_reader.h"

namespace baton::provider {

struct JsonNode {
  std::uint32_t begin, end;  // raw bytes in the text
  std::uint32_t next;        // node after this value's subtree
  std::uint32_t text;        // string with escapes: its unescaped form in the arena
  std::uint32_t text_size;
  JsonKind kind;
  bool escaped;
};

struct JsonBuffers {
  virtual ~JsonBuffers() = default;  // owned by the pool as something larger
  std::string_view text;
  std::vector<JsonNode> nodes;
  std::string arena;  // unescaped strings
};

// json_walk.cc. What is wrong with a text, and where.
struct JsonMistake {
  const char* what;
  std::size_t where;
  const char* reason;
};
// Walks the `count` tokens that start at the offsets `tokens` of b->text, checks the grammar and appends one
// node per value. Nothing when the text is one well-formed value; on a mistake the nodes are of no use.
std::optional<JsonMistake> WalkJson(const std::uint32_t* tokens, std::uint32_t count,
                                    JsonDoc::Surrogates surrogates, JsonBuffers* b);

}  // namespace baton::provider
