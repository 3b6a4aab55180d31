// Reads a script with yaml-cpp (JSON is YAML). Each level has one table of the keys it knows, so that a typo
// is an error with a place instead of a fault that silently never happens.
#include "mock/script.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

namespace baton::mock {
namespace {

constexpr std::size_t kMaxRules = 10'000;

// Thrown and caught inside this file only: yaml-cpp throws anyway, and one way out keeps the readers short.
struct Bad {
  YAML::Mark at;
  std::string message;
};

using Reader = std::function<void(const YAML::Node&)>;
using Readers = std::map<std::string, Reader>;

void ReadMap(const YAML::Node& node, std::string_view what, const Readers& readers) {
  if (!node.IsMap()) throw Bad{node.Mark(), fmt::format("{} must be a map of keys", what)};
  for (const auto& entry : node) {
    const auto key = entry.first.as<std::string>();
    const auto reader = readers.find(key);
    if (reader == readers.end()) {
      std::string known;
      for (const auto& r : readers) known += (known.empty() ? "" : ", ") + r.first;
      throw Bad{entry.first.Mark(), fmt::format("unknown key '{}' in {}; it may have: {}", key, what, known)};
    }
    reader->second(entry.second);
  }
}

template <class T>
T Scalar(const YAML::Node& node, std::string_view what) {
  try {
    return node.as<T>();
  } catch (const YAML::Exception&) {
    throw Bad{node.Mark(), fmt::format("expected {}", what)};
  }
}

Reader Str(std::string* to) {
  return [to](const YAML::Node& n) { *to = Scalar<std::string>(n, "a string"); };
}
Reader Bool(bool* to) {
  return [to](const YAML::Node& n) { *to = Scalar<bool>(n, "true or false"); };
}

template <class T>
Reader Count(T* to, std::int64_t least) {
  return [to, least](const YAML::Node& n) {
    const auto v = Scalar<std::int64_t>(n, "a whole number");
    if (v < least || v > 1'000'000'000'000) throw Bad{n.Mark(), fmt::format("must be {} or more", least)};
    *to = static_cast<std::int64_t>(v);
  };
}
Reader Int(int* to, std::int64_t least) {
  return [to, least](const YAML::Node& n) {
    std::int64_t v = 0;
    Count(&v, least)(n);
    if (v > 1'000'000) throw Bad{n.Mark(), "must be at most 1000000"};
    *to = static_cast<int>(v);
  };
}

// "200ms", "1.5s", or a bare number of milliseconds.
Reader Time(Duration* to) {
  return [to](const YAML::Node& n) {
    const auto text = Scalar<std::string>(n, "a time such as 200ms or 1.5s");
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    if (error != std::errc() || value < 0 || value > 86'400'000 ||
        (unit != "" && unit != "ms" && unit != "s")) {
      throw Bad{n.Mark(), fmt::format("'{}' is not a time; write 200ms or 1.5s", text)};
    }
    *to = std::chrono::duration_cast<Duration>(
        std::chrono::duration<double, std::milli>(unit == "s" ? value * 1000 : value));
  };
}

chat::Usage ReadUsage(const YAML::Node& node) {
  chat::Usage u;
  u.known = true;
  ReadMap(node, "'usage'",
          {{"input", Count(&u.input, 0)},
           {"cached_input", Count(&u.cached_input, 0)},
           {"cache_write", Count(&u.cache_write, 0)},
           {"cache_write_1h", Count(&u.cache_write_1h, 0)},
           {"output", Count(&u.output, 0)},
           {"reasoning", Count(&u.reasoning, 0)}});
  return u;
}

chat::ToolCall ReadToolCall(const YAML::Node& node) {
  chat::ToolCall call;
  ReadMap(node, "a tool call",
          {{"id", Str(&call.id)},
           {"name", Str(&call.name)},
           {"arguments", Str(&call.arguments)},
           {"signature", Str(&call.signature)}});
  if (call.name.empty()) throw Bad{node.Mark(), "a tool call needs a 'name'"};
  if (call.arguments.empty()) call.arguments = "{}";
  return call;
}

Reply ReadReply(const YAML::Node& node) {
  Reply r;
  if (node.IsScalar()) {  // `reply: some text`
    r.text = node.as<std::string>();
    return r;
  }
  ReadMap(node, "'reply'",
          {{"text", Str(&r.text)},
           {"reasoning", Str(&r.reasoning)},
           {"signature", Str(&r.signature)},
           {"refusal", Str(&r.refusal)},
           {"finish", Str(&r.finish)},
           {"chunks", Int(&r.chunks, 0)},
           {"usage", [&r](const YAML::Node& n) { r.usage = ReadUsage(n); }},
           {"tool_calls", [&r](const YAML::Node& n) {
              if (!n.IsSequence()) throw Bad{n.Mark(), "'tool_calls' must be a list"};
              for (const auto& call : n) r.tool_calls.push_back(ReadToolCall(call));
            }}});
  static const std::set<std::string> kFinish = {"", "stop", "length", "tool_calls", "content_filter"};
  if (!kFinish.count(r.finish)) {
    throw Bad{node.Mark(), "'finish' must be stop, length, tool_calls or content_filter"};
  }
  return r;
}

void ReadError(const YAML::Node& node, Fault* f) {
  ReadMap(
      node, "'error'",
      {{"type", Str(&f->error_type)}, {"code", Str(&f->error_code)}, {"message", Str(&f->error_message)}});
}

Fault ReadFault(const YAML::Node& node) {
  Fault f;
  const auto bytes = [](std::optional<std::int64_t>* to) {
    return [to](const YAML::Node& n) {
      std::int64_t v = 0;
      Count(&v, 0)(n);
      *to = v;
    };
  };
  ReadMap(node, "'fault'",
          {{"status",
            [&f](const YAML::Node& n) {
              int status = 0;
              Int(&status, 200)(n);
              if (status > 599) throw Bad{n.Mark(), "'status' must be between 200 and 599"};
              f.status = status;
            }},
           {"error", [&f](const YAML::Node& n) { ReadError(n, &f); }},
           {"headers",
            [&f](const YAML::Node& n) {
              if (!n.IsMap()) throw Bad{n.Mark(), "'headers' must be a map of name: value"};
              for (const auto& h : n) f.headers[h.first.as<std::string>()] = h.second.as<std::string>();
            }},
           {"latency", Time(&f.latency)},
           {"per_chunk", Time(&f.per_chunk)},
           {"cut_after", bytes(&f.cut_after)},
           {"stall_after", bytes(&f.stall_after)},
           {"malformed_sse", Bool(&f.malformed_sse)},
           {"html", Bool(&f.html)},
           {"split_bytes", Count(&f.split_bytes, 0)},
           {"no_done", Bool(&f.no_done)},
           {"usage", Str(&f.usage)},
           {"close_before_reply", Bool(&f.close_before_reply)},
           {"in_band_error", Bool(&f.in_band_error)}});
  static const std::set<std::string> kUsage = {"", "wrong", "none", "missing_output"};
  if (!kUsage.count(f.usage)) throw Bad{node.Mark(), "'usage' must be wrong, none or missing_output"};
  return f;
}

Rule ReadRule(const YAML::Node& node) {
  Rule r;
  ReadMap(node, "a rule",
          {{"contains", Str(&r.contains)},
           {"model", Str(&r.model)},
           {"has_tools", Bool(&r.has_tools)},
           {"has_image", Bool(&r.has_image)},
           {"times", Count(&r.times, -1)},
           {"after", Count(&r.after, 0)},
           {"reply", [&r](const YAML::Node& n) { r.reply = ReadReply(n); }},
           {"fault", [&r](const YAML::Node& n) { r.fault = ReadFault(n); }}});
  return r;
}

Error BadScript(const YAML::Mark& at, const std::string& message) {
  return Fail(Code::kInvalidRequest,
              fmt::format("mock script, line {}, column {}: {} (the format is in docs/mock.md)", at.line + 1,
                          at.column + 1, message),
              "bad_script");
}

// JSON is YAML but for one thing: yaml-cpp refuses a character beyond the basic plane written as two escapes.
std::string Unescaped(std::string_view text) {
  if (text.find("\\ud") == std::string_view::npos && text.find("\\uD") == std::string_view::npos)
    return std::string(text);
  const auto json = nlohmann::ordered_json::parse(text, nullptr, false);
  return json.is_discarded() ? std::string(text) : json.dump();
}

}  // namespace

Result<Script> ParseScript(std::string_view text) {
  Script script;
  try {
    const YAML::Node root = YAML::Load(Unescaped(text));
    if (root.IsNull()) return script;
    ReadMap(
        root, "the script",
        {{"name", Str(&script.name)}, {"rules", [&script](const YAML::Node& n) {
                                         if (!n.IsSequence()) throw Bad{n.Mark(), "'rules' must be a list"};
                                         if (n.size() > kMaxRules)
                                           throw Bad{n.Mark(), fmt::format("more than {} rules", kMaxRules)};
                                         for (const auto& rule : n) script.rules.push_back(ReadRule(rule));
                                       }}});
  } catch (const Bad& bad) {
    return BadScript(bad.at, bad.message);
  } catch (const YAML::Exception& e) {
    return BadScript(e.mark, e.msg);
  }
  return script;
}

Result<Script> LoadScript(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || in.bad()) {
    return Fail(Code::kInvalidRequest,
                fmt::format("cannot read mock script '{}': check path and rights", path),
                "unreadable_script");
  }
  auto script = ParseScript(text);
  if (!script) {
    Error error = std::move(script).error();
    error.message = path + ": " + error.message;
    return error;
  }
  return script;
}

}  // namespace baton::mock
