// Logging for operators: one line, key=value, to stderr. spdlog sits behind; no macro, no global logger.
//
// Never pass request content or a secret; `make test` greps every log of the suite for planted ones.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string_view>

namespace baton {

class Log {
 public:
  enum class Level { kDebug, kInfo, kWarn, kError };

  // Writes to stderr. Cheap to copy; copies share the sink.
  explicit Log(Level least = Level::kInfo);
  // Swallows everything.
  static Log Null();

  bool Enabled(Level level) const;
  // Thread safe. Control characters in `line` are escaped, so that text from outside cannot forge a line.
  void Write(Level level, std::string_view line) const;

  template <class... A>
  void Info(fmt::format_string<A...> f, A&&... a) const {
    Format(Level::kInfo, f, std::forward<A>(a)...);
  }
  template <class... A>
  void Warn(fmt::format_string<A...> f, A&&... a) const {
    Format(Level::kWarn, f, std::forward<A>(a)...);
  }
  template <class... A>
  void Err(fmt::format_string<A...> f, A&&... a) const {
    Format(Level::kError, f, std::forward<A>(a)...);
  }
  template <class... A>
  void Debug(fmt::format_string<A...> f, A&&... a) const {
    Format(Level::kDebug, f, std::forward<A>(a)...);
  }

 private:
  template <class... A>
  void Format(Level level, fmt::format_string<A...> f, A&&... a) const {
    if (Enabled(level)) Write(level, fmt::format(f, std::forward<A>(a)...));
  }
  struct Sink;
  std::shared_ptr<Sink> sink_;
};

}  // namespace baton
