#include "provider/json_reader.h"

#include <simdjson.h>

#include <limits>
#include <vector>

#include "base/lanes.h"
#include "provider/json_nodes.h"

namespace baton::provider {
namespace {

constexpr std::size_t kKeepBytes = 1 << 20;  // buffers above this are given back after use

// Every JsonBuffers is one of these.
struct PooledBuffers : JsonBuffers {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> index;
};

struct Pool {
  std::vector<std::unique_ptr<PooledBuffers>> free;
};
Pool& ThreadPool() {
  thread_local Pool pool;
  return pool;
}

std::unique_ptr<PooledBuffers> Borrow() {
  auto& free = ThreadPool().free;
  if (free.empty()) return std::make_unique<PooledBuffers>();
  auto buffers = std::move(free.back());
  free.pop_back();
  return buffers;
}

void GiveBack(std::unique_ptr<PooledBuffers> buffers) {
  if (!buffers || buffers->nodes.capacity() * sizeof(JsonNode) > kKeepBytes ||
      buffers->arena.capacity() > kKeepBytes || (buffers->index && buffers->index->capacity() > kKeepBytes)) {
    return;
  }
  auto& free = ThreadPool().free;
  if (free.size() < 8) free.push_back(std::move(buffers));
}

std::string Place(std::string_view text, std::size_t where) {
  std::size_t line = 1, column = 1;
  for (std::size_t i = 0; i < where && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

Error Invalid(std::string message, const char* reason = "invalid_json") {
  return Fail(Code::kInvalidRequest, std::move(message), reason);
}

Error IndexError(simdjson::error_code code) {
  switch (code) {
    case simdjson::EMPTY:
      return Invalid("The JSON text is empty.");
    case simdjson::UTF8_ERROR:
      return Invalid("The JSON text is not valid UTF-8.");
    case simdjson::UNCLOSED_STRING:
      return Invalid("The JSON text ends inside a string.");
    case simdjson::UNESCAPED_CHARS:
      return Invalid(
          "A string in the JSON text holds a control character; write it as an escape such as \\n.");
    case simdjson::CAPACITY:
      return Invalid("The JSON text is too large.", "json_too_large");
    default:
      return Invalid("The text is not JSON.");
  }
}

Status Index(PooledBuffers& b, std::string_view text) {
  if (text.size() >= std::numeric_limits<std::uint32_t>::max() / 2) return IndexError(simdjson::CAPACITY);
  simdjson::error_code error = simdjson::SUCCESS;
  if (!b.index) {
    error = simdjson::get_active_implementation()->create_dom_parser_implementation(
        std::max<std::size_t>(text.size(), 4096), JsonDoc::kMaxDepth, b.index);
  } else if (b.index->capacity() < text.size()) {
    error = b.index->allocate(text.size() + text.size() / 2, JsonDoc::kMaxDepth);
  }
  if (error) return IndexError(error);
  error = b.index->stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                          simdjson::stage1_mode::regular);
  if (error) return IndexError(error);
  return {};
}

}  // namespace

Result<JsonDoc> JsonDoc::Parse(std::string_view text, Surrogates surrogates) {
  auto buffers = Borrow();
  buffers->text = text;
  buffers->nodes.clear();
  buffers->arena.clear();
  if (auto indexed = Index(*buffers, text); !indexed) {
    GiveBack(std::move(buffers));
    return std::move(indexed).error();
  }
  const auto mistake = WalkJson(buffers->index->structural_indexes.get(),
                                buffers->index->n_structural_indexes, surrogates, buffers.get());
  if (!mistake) return JsonDoc(std::move(buffers));
  GiveBack(std::move(buffers));
  return Invalid("The JSON text is not well formed: " + std::string(mistake->what) + " (" +
                     Place(text, mistake->where) + ").",
                 mistake->reason);
}

JsonDoc::JsonDoc(std::unique_ptr<JsonBuffers> buffers) : buffers_(std::move(buffers)) {}
JsonDoc::JsonDoc(JsonDoc&& other) noexcept = default;
JsonDoc& JsonDoc::operator=(JsonDoc&& other) noexcept {
  std::swap(buffers_, other.buffers_);
  return *this;
}
JsonDoc::~JsonDoc() {
  GiveBack(std::unique_ptr<PooledBuffers>(static_cast<PooledBuffers*>(buffers_.release())));
}

bool IsJson(std::string_view text) {
  return JsonDoc::Parse(text, JsonDoc::Surrogates::kReplace).has_value();
}

bool IsJsonObject(std::string_view text) {
  const auto doc = JsonDoc::Parse(text, JsonDoc::Surrogates::kReplace);
  return doc && doc->root().is_object();
}

bool IsPlainText(std::string_view text) {
  const auto plain = [](Lanes v) { return ~(InRange(v, 0, 0x1f) | IsByte(v, '"') | IsByte(v, '\\')); };
  const auto ascii = [](Lanes v) { return InRange(v, 0, 0x7f); };
  if (RunLength(text, 0, plain) != text.size()) return false;
  return RunLength(text, 0, ascii) == text.size() || simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace baton::provider
