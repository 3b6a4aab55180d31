#include "workflow/answer_stream.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace baton::workflow {
namespace {

using Kind = chat::Event::Kind;

// A continuation may begin by repeating the last words; fewer than this many bytes in common are chance.
constexpr std::size_t kLeastOverlap = 8;
constexpr std::size_t kMostOverlap = 400;
// A worker that ignores "go on" begins at the beginning; this much of the beginning tells.
constexpr std::size_t kRestart = 24;
constexpr std::size_t kMaxHeld = 4096;  // events kept back by a commitment

// Bytes at the start of `next` that stand at the end of `said` already.
std::size_t Overlap(std::string_view said, std::string_view next) {
  for (std::size_t n = std::min({said.size(), next.size(), kMostOverlap}); n >= kLeastOverlap; --n) {
    if (said.substr(said.size() - n) == next.substr(0, n)) return n;
  }
  return 0;
}

// `next` stands somewhere in the last words, and they go on behind it.
bool StillRepeats(std::string_view said, std::string_view next) {
  if (next.size() >= kMostOverlap) return false;
  const std::size_t from = said.size() - std::min(said.size(), kMostOverlap);
  const std::size_t at = said.find(next, from);
  return at != std::string_view::npos && at + next.size() < said.size();
}

}  // namespace

void AnswerStream::Put(chat::Event event) {
  if (event.kind == Kind::kUsage || event.kind == Kind::kFinish) return;  // Execution says both at the end
  if (event.kind == Kind::kPassthrough) return;  // a worker's terminator or keep-alive is not the team's
  if (event.kind == Kind::kStart) {
    if (started_) return;
    started_ = true;
  }
  if (event.kind == Kind::kToolCall && rename_call) event.tool.id = rename_call(event.tool.id);
  event.raw.clear();
  client_.Put(std::move(event));
}

void CommitStream::Open() {
  open_ = true;
  for (auto& e : held_) to_.Put(std::move(e));
  held_.clear();
}

void CommitStream::Put(chat::Event event) {
  if (open_) return to_.Put(std::move(event));
  if (event.kind == Kind::kLogprobs) {
    for (const double p : TokenLogprobs(event.json.text)) {
      ++tokens_;
      sum_ += std::exp(p);
    }
  }
  const bool text = event.kind == Kind::kText;
  if (held_.size() < kMaxHeld) held_.push_back(std::move(event));
  if (text && tokens_ > 0 && commit_(tokens_, sum_ / tokens_)) Open();
}

Task<Status> CommitStream::Flush() {
  if (!open_) co_return Status();
  co_return co_await to_.Flush();
}

void Splice::Emit(std::string text) {
  if (text.empty()) return;
  added_ += text;
  chat::Event e;
  e.kind = Kind::kText;
  e.text = std::move(text);
  to_.Put(std::move(e));
}

// Enough has come to tell a restart, a repetition of the last words and a plain continuation apart, or
// nothing more comes.
void Splice::Decide(bool end) {
  if (state_ == State::kComparing) {
    if (!end && kept_.size() < kRestart) return;
    const std::size_t head = std::min(kRestart, said_.size());
    if (head > 0 && kept_.size() >= head && said_.compare(0, head, kept_, 0, head) == 0) {
      state_ = State::kRepeating;
    } else if (!end && StillRepeats(said_, kept_)) {
      return;
    } else {
      const std::size_t overlap = Overlap(said_, kept_);
      contradicts_ = end && overlap == 0 && !kept_.empty() && said_.starts_with(kept_);
      if (contradicts_) return;
      state_ = State::kPassing;
      kept_.erase(0, overlap);
    }
  }
  if (state_ == State::kRepeating) {
    const std::size_t n = std::min(said_.size() - matched_, kept_.size());
    if (said_.compare(matched_, n, kept_, 0, n) != 0) {
      contradicts_ = true;
      kept_.clear();
      return;
    }
    matched_ += n;
    kept_.erase(0, n);
    if (matched_ == said_.size()) state_ = State::kPassing;
  }
  if (state_ == State::kPassing) Emit(std::exchange(kept_, {}));
}

void Splice::Put(chat::Event event) {
  if (contradicts_) return;
  if (event.kind == Kind::kText) {
    kept_ += event.text;
    return Decide(false);
  }
  switch (event.kind) {
    case Kind::kStart:
    case Kind::kPassthrough:
    case Kind::kLogprobs:
    case Kind::kUsage:  // the client's figures are those of both workers
      return;
    default:
      break;
  }
  event.raw.clear();
  if (state_ == State::kPassing) return to_.Put(std::move(event));
  behind_.push_back(std::move(event));
}

void Splice::End() {
  if (contradicts_) return;
  Decide(true);
  // A worker that repeated less than was said has lost the end: it contradicts by being silent.
  if (state_ == State::kRepeating && matched_ < said_.size()) contradicts_ = true;
  if (contradicts_) return;
  for (auto& e : behind_) to_.Put(std::move(e));
  behind_.clear();
}

std::vector<double> TokenLogprobs(std::string_view json) {
  constexpr std::string_view kKey = "\"logprob\":", kTop = "\"top_logprobs\":";
  std::vector<double> out;
  std::size_t at = 0;
  while (out.size() < 100'000) {
    const std::size_t key = json.find(kKey, at), top = json.find(kTop, at);
    if (key == std::string_view::npos) return out;
    if (top < key) {  // skip the list of alternatives
      const std::size_t open = json.find('[', top);
      if (open == std::string_view::npos) return out;
      int depth = 0;
      bool quoted = false;
      std::size_t i = open;
      for (; i < json.size(); ++i) {
        const char c = json[i];
        if (quoted) {
          if (c == '\\') ++i;
          quoted = c != '"';
        } else if (c == '"') {
          quoted = true;
        } else if (c == '[') {
          ++depth;
        } else if (c == ']' && --depth == 0) {
          break;
        }
      }
      at = i;
      continue;
    }
    const std::string number(json.substr(key + kKey.size(), 32));
    out.push_back(std::strtod(number.c_str(), nullptr));
    at = key + kKey.size();
  }
  return out;
}

}  // namespace baton::workflow
