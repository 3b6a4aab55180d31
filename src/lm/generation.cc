#include "lm/generation.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace baton::lm {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// OpenAI's form of one token: its text, its bytes, its log-probability.
Json TokenJson(const std::string& piece, float logprob) {
  Json bytes = Json::array();
  for (char c : piece) bytes.push_back(static_cast<unsigned char>(c));
  // JSON has no minus infinity; OpenAI writes -9999 for what can practically not come.
  return {{"token", piece}, {"logprob", std::max(logprob, -9999.0f)}, {"bytes", std::move(bytes)}};
}

}  // namespace

Choice::Choice(const LoadedModel& model, const Prompt& prompt, const SamplingOptions& sampling,
               Constraint constraint, std::int64_t index, CallIds ids)
    : model_(model),
      prompt_(prompt),
      index_(index),
      logprobs_(sampling.logprobs),
      sampler_(sampling, index, prompt.tokens),
      constraint_(std::move(constraint)),
      text_(prompt.stops),
      answer_(prompt.NewAnswer(std::move(ids))) {}

void Choice::NoteLogprob(const Picked& picked, const std::string& piece) {
  Json entry = TokenJson(piece, picked.logprob);
  Json top = Json::array();
  for (const auto& [token, logprob] : picked.top)
    top.push_back(TokenJson(model_.Piece(token, true), logprob));
  entry["top_logprobs"] = std::move(top);
  held_logprobs_.emplace_back(bytes_made_, Dump(entry));
}

void Choice::Show(std::string text, std::vector<chat::Event>* out) {
  const std::size_t before = out->size();
  bytes_shown_ += text.size();
  answer_->Text(text, out);
  if (logprobs_ && !held_logprobs_.empty() && !text.empty()) {
    std::string content;
    std::size_t n = 0;
    for (; n < held_logprobs_.size() && held_logprobs_[n].first < bytes_shown_; ++n) {
      content += (n ? "," : "") + held_logprobs_[n].second;
    }
    held_logprobs_.erase(held_logprobs_.begin(), held_logprobs_.begin() + static_cast<std::ptrdiff_t>(n));
    if (n > 0) {
      chat::Event e;
      e.kind = chat::Event::Kind::kLogprobs;
      e.json.text = "{\"content\":[" + content + "],\"refusal\":null}";
      out->push_back(std::move(e));
    }
  }
  for (std::size_t i = before; i < out->size(); ++i) (*out)[i].choice = index_;
}

void Choice::Finish(chat::Finish finish, const char* word, std::vector<chat::Event>* out) {
  if (!text_.stopped()) Show(text_.Flush(), out);
  const std::size_t before = out->size();
  answer_->End(out);
  chat::Event e;
  e.kind = chat::Event::Kind::kFinish;
  e.finish = answer_->called() && finish == chat::Finish::kStop ? chat::Finish::kToolCalls : finish;
  e.text = e.finish == chat::Finish::kToolCalls ? "tool_calls" : word;
  out->push_back(std::move(e));
  for (std::size_t i = before; i < out->size(); ++i) (*out)[i].choice = index_;
}

Result<bool> Choice::Next(float* logits, std::int64_t most, std::vector<chat::Event>* out) {
  TRY(Picked picked, sampler_.Pick(logits, static_cast<int>(model_.info().vocabulary), constraint_));
  ++written_;
  last_ = picked.token;
  if (llama_vocab_is_eog(model_.vocab(), picked.token)) {
    Finish(chat::Finish::kStop, "stop", out);
    return true;
  }
  TRY_VOID(constraint_.Accept(picked.token));
  const std::string piece = model_.Piece(picked.token, prompt_.shown.contains(picked.token));
  if (logprobs_) NoteLogprob(picked, piece);
  bytes_made_ += piece.size();
  Show(text_.Feed(piece), out);
  if (text_.stopped()) {
    Finish(chat::Finish::kStop, "stop", out);
    return true;
  }
  if (written_ >= most) {
    Finish(chat::Finish::kLength, "length", out);
    return true;
  }
  return false;
}

}  // namespace baton::lm
