// Writing JSON: append-only, no tree, no allocation but the target string's growth.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace baton::provider {

// Calls must nest properly; commas are placed by the writer. Strings are expected to be UTF-8.
class JsonWriter {
 public:
  explicit JsonWriter(std::string* out) : out_(*out) {}

  JsonWriter& BeginObject() { return Open('{'); }
  JsonWriter& EndObject() { return Close('}'); }
  JsonWriter& BeginArray() { return Open('['); }
  JsonWriter& EndArray() { return Close(']'); }
  JsonWriter& Key(std::string_view name);
  JsonWriter& String(std::string_view value);
  JsonWriter& Int(std::int64_t value);
  // Not finite: null.
  JsonWriter& Double(double value);
  JsonWriter& Float(float value);
  JsonWriter& Bool(bool value) { return Raw(value ? "true" : "false"); }
  JsonWriter& Null() { return Raw("null"); }
  // One JSON value as text, copied byte for byte.
  JsonWriter& Raw(std::string_view json);

  JsonWriter& Field(std::string_view name, std::string_view value) { return Key(name).String(value); }
  JsonWriter& Field(std::string_view name, const std::string& value) { return Key(name).String(value); }
  JsonWriter& Field(std::string_view name, const char* value) { return Key(name).String(value); }
  JsonWriter& IntField(std::string_view name, std::int64_t value) { return Key(name).Int(value); }
  JsonWriter& BoolField(std::string_view name, bool value) { return Key(name).Bool(value); }
  JsonWriter& RawField(std::string_view name, std::string_view json) { return Key(name).Raw(json); }

 private:
  JsonWriter& Open(char c);
  JsonWriter& Close(char c);
  void Separate() {
    if (comma_) out_.push_back(',');
    comma_ = true;
  }

  std::string& out_;
  bool comma_ = false;
};

// Appends `value` as a JSON string with its quotes.
void AppendJsonString(std::string_view value, std::string* out);
std::string JsonString(std::string_view value);

}  // namespace baton::provider
