#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace baton {
namespace {

spdlog::level::level_enum ToSpdlog(Log::Level level) {
  switch (level) {
    case Log::Level::kDebug:
      return spdlog::level::debug;
    case Log::Level::kInfo:
      return spdlog::level::info;
    case Log::Level::kWarn:
      return spdlog::level::warn;
    case Log::Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

struct Log::Sink {
  spdlog::logger logger{"baton", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
};

Log::Log(Level least) : sink_(std::make_shared<Sink>()) {
  sink_->logger.set_level(ToSpdlog(least));
  sink_->logger.set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  sink_->logger.flush_on(spdlog::level::info);
}

Log Log::Null() {
  Log log;
  log.sink_->logger.set_level(spdlog::level::off);
  return log;
}

bool Log::Enabled(Level level) const {
  return sink_->logger.should_log(ToSpdlog(level));
}

void Log::Write(Level level, std::string_view line) const {
  std::string safe;
  safe.reserve(line.size());
  for (char c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      safe += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      safe += c;
    }
  }
  sink_->logger.log(ToSpdlog(level), spdlog::string_view_t(safe.data(), safe.size()));
}

}  // namespace baton
